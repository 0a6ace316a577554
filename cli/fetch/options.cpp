#include "cli/fetch/options.h"

#include <CLI/CLI.hpp>
#include <map>

namespace iso::cli {
namespace {

constexpr std::uint64_t kMostMebibytes = 1'000'000'000;

void add_what(CLI::App& app, FetchArgs& options) {
  auto* urls =
      app.add_option(
             "urls", options.urls,
             "What to fetch: http://, https://, or a service: http+srv://, http+etcd://, http+redis://")
          ->type_name("URL...");
  app.add_option("--url-at", options.url_at,
                 "Read records from standard input and fetch the URL that POINTER selects in each, such as "
                 "/body/href")
      ->type_name("POINTER")
      ->excludes(urls);
  const std::map<std::string, FetchForm> forms{{"body", FetchForm::body}, {"records", FetchForm::records}};
  app.add_option("--out", options.form,
                 "Print bodies unchanged, or records (default: body for one URL, otherwise records)")
      ->type_name("FORM")
      ->transform(CLI::CheckedTransformer(forms).description("{body,records}"));
  app.add_flag("--all-pages", options.all_pages, "Also fetch the next pages, as Link: rel=next names them");
  app.add_option(
         "--items", options.items,
         "Print the elements of the array that POINTER selects in each page, one per line, of all pages")
      ->type_name("POINTER")
      ->excludes("--out");
  app.add_option("--next", options.next,
                 "The URL of the next page is in the body, where POINTER selects it; fetch all pages")
      ->type_name("POINTER");
  app.add_option("--max-pages", options.max_pages, "Fail a listing of more than N pages")
      ->type_name("N")
      ->default_str("10000");
  app.add_option("--rate", options.rate, "Send at most N requests per second")
      ->type_name("N")
      ->check(CLI::Range(0.001, 1e6));
  app.add_option("--parallel", options.parallel, "Fetch at most N URLs at once")
      ->type_name("N")
      ->check(CLI::Range(1, 10'000))
      ->default_str("50");
}

void add_request(CLI::App& app, FetchArgs& options) {
  const std::string group = "Request";
  app.add_option("-H,--header", options.headers, "Send this header field, \"Name: value\"; may be repeated")
      ->type_name("FIELD")
      ->group(group);
  app.add_option("-X,--request", options.method, "Request method (default: GET, or POST with a body)")
      ->type_name("METHOD")
      ->group(group);
  auto* body = app.add_option("--body", options.body, "Send TEXT as the body of the request")
                   ->type_name("TEXT")
                   ->group(group);
  auto* body_file =
      app.add_option("--body-file", options.body_file, "Send the content of FILE, or - for standard input")
          ->type_name("FILE")
          ->excludes(body)
          ->group(group);
  app.add_option("--body-at", options.body_at, "Send what POINTER selects in each record, such as /body")
      ->type_name("POINTER")
      ->needs("--url-at")
      ->excludes(body)
      ->excludes(body_file)
      ->group(group);
  app.add_option("--bearer-file", options.bearer_file,
                 "Send the first line of FILE as a bearer token; with @HOST only to that host")
      ->type_name("FILE[@HOST]")
      ->group(group);
  app.add_option("--send-to", options.send_to,
                 "Also send credentials to these hosts (HOST or HOST:PORT) if a record, a redirect or a page "
                 "leads there")
      ->type_name("HOST[,...]")
      ->delimiter(',')
      ->group(group);
  app.add_option(
         "--allow", options.allowed,
         "Let records, redirects and pages lead to these hosts even if their addresses are private; * "
         "allows all")
      ->type_name("HOST[,...]")
      ->delimiter(',')
      ->group(group);
  app.add_option("--key-header", options.key_headers,
                 "Store cached answers separately for each value of this header field; may be repeated")
      ->type_name("NAME")
      ->group(group);
  app.add_option("--netrc-file", options.netrc_file, "Take the user and password of each host from FILE")
      ->type_name("FILE")
      ->group(group);
  app.add_option("--max-redirs", options.max_redirs, "Follow at most N redirects; 0 follows none")
      ->type_name("N")
      ->default_str("10")
      ->group(group);
  app.add_option("--retries", options.retries, "Retry up to N times if that can help")
      ->type_name("N")
      ->default_str("2")
      ->group(group);
  app.add_option("--retry-on", options.retry_on, "Retry answers of these statuses (408,425,429,502,503,504)")
      ->type_name("STATUS[,...]")
      ->delimiter(',')
      ->check(CLI::Range(400, 599))
      ->group(group);
  app.add_option("--try-timeout", options.try_timeout, "Give up on a single try after DUR")
      ->type_name("DUR")
      ->group(group);
  app.add_option("--stall", options.stall, "Give up on a try in which no byte moves for DUR")
      ->type_name("DUR")
      ->group(group);
  app.add_option("--max-filesize", options.max_filesize, "Refuse a body of more than N bytes")
      ->type_name("N")
      ->group(group);
}

void add_connection(CLI::App& app, FetchArgs& options) {
  const std::string group = "Connection";
  app.add_option("--connect-timeout", options.connect_timeout, "Wait at most DUR for a connection")
      ->type_name("DUR")
      ->group(group);
  app.add_option("--proxy", options.proxy,
                 "Use this proxy; otherwise http_proxy, https_proxy and no_proxy apply")
      ->type_name("URL")
      ->group(group);
  app.add_option("--cacert", options.cacert, "Trust the certificate authorities in FILE")
      ->type_name("FILE")
      ->group(group);
  app.add_option("--cert", options.cert, "Client certificate to send to the server")
      ->type_name("FILE")
      ->group(group);
  app.add_option("--key", options.key, "Private key of --cert")->type_name("FILE")->group(group);
  add_registry_option(app, options.registry, "Registry to look services up in")->group(group);
  add_dns_server_option(app, options.registry)->group(group);
  app.add_flag("--insecure", options.insecure, "Do not verify the server's certificate")->group(group);
}

void add_cache(CLI::App& app, FetchArgs& options) {
  const std::string group = "Cache";
  auto* cache =
      app.add_option("--cache", options.cache, "Keep responses in FILE (default: ~/.cache/iso/fetch.db)")
          ->type_name("FILE")
          ->group(group);
  app.add_option("--cache-size", options.cache_size, "Keep at most N MiB of responses")
      ->type_name("N")
      ->check(CLI::Range(std::uint64_t{1}, kMostMebibytes))
      ->default_str("256")
      ->group(group);
  auto* none = app.add_flag("--no-cache", options.no_cache, "Neither read nor store responses")
                   ->excludes(cache)
                   ->group(group);
  app.add_flag("--offline", options.offline, "Send no request: use only stored responses")
      ->excludes(none)
      ->group(group);
  app.add_flag("--refresh", options.refresh,
               "Validate stored responses with the origin even if they are fresh")
      ->excludes("--offline")
      ->group(group);
  app.add_option("--max-stale", options.max_stale, "Use a stored response that is stale by at most DUR")
      ->type_name("DUR")
      ->excludes(none)
      ->group(group);
}

void add_breaker(CLI::App& app, FetchArgs& options) {
  app.add_flag("--breaker", options.breaker.name,
               "Skip origins that failed too often recently; one circuit per origin, or one called NAME; the "
               "default with --url-at and for services")
      ->type_name("[=NAME]");
  app.add_flag("--no-breaker", options.no_breaker, "Send requests even to origins that failed too often")
      ->excludes("--breaker");
  add_on_trip_option(app, options.breaker, "Run CMD when a circuit opens");
}

}  // namespace

void FetchArgs::add_to(CLI::App& app) {
  add_what(app, *this);
  add_request(app, *this);
  add_connection(app, *this);
  add_cache(app, *this);
  add_breaker(app, *this);
  add_timeout_option(app, timeout, "Give up on a URL after DUR, retries included (30s)");
  add_voice_options(app, voice);
}

}  // namespace iso::cli
