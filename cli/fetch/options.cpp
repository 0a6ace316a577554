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
  app.add_option(
         "--url-at", options.url_at,
         "Read records from standard input, and fetch the URL at this place of each, as in /body/href")
      ->type_name("POINTER")
      ->excludes(urls);
  const std::map<std::string, FetchForm> forms{{"body", FetchForm::body}, {"records", FetchForm::records}};
  app.add_option("--out", options.form, "Print bodies as they are, or records (else: bodies for one URL)")
      ->type_name("FORM")
      ->transform(CLI::CheckedTransformer(forms).description("{body,records}"));
  app.add_flag("--all-pages", options.all_pages,
               "Go on to the page that Link: rel=next names, to the last");
  app.add_option("--parallel", options.parallel, "Fetch so many at once")
      ->type_name("N")
      ->check(CLI::Range(1, 10'000))
      ->default_str("50");
}

void add_request(CLI::App& app, FetchArgs& options) {
  const std::string group = "Request";
  app.add_option("-H,--header", options.headers, "Send this header field, \"Name: value\"; may be repeated")
      ->type_name("FIELD")
      ->group(group);
  app.add_option("-X,--request", options.method, "Use this method")
      ->type_name("METHOD")
      ->default_str("GET")
      ->group(group);
  app.add_option("--body", options.body, "Send this as the body of the request, JSON or text")
      ->type_name("TEXT")
      ->group(group);
  app.add_option("--bearer-file", options.bearer_file, "Send this file's first line as a bearer token")
      ->type_name("FILE")
      ->group(group);
  app.add_option("--netrc-file", options.netrc_file, "Take user and password for each host from FILE")
      ->type_name("FILE")
      ->group(group);
  app.add_option("--max-redirs", options.max_redirs, "Follow so many redirects; 0: none")
      ->type_name("N")
      ->default_str("10")
      ->group(group);
  app.add_option("--retries", options.retries, "Try again so often when it may help")
      ->type_name("N")
      ->default_str("2")
      ->group(group);
  app.add_option("--max-filesize", options.max_filesize, "Refuse a body of more than N bytes")
      ->type_name("N")
      ->group(group);
}

void add_connection(CLI::App& app, FetchArgs& options) {
  const std::string group = "Connection";
  app.add_option("--connect-timeout", options.connect_timeout, "Wait no longer for a connection")
      ->type_name("DUR")
      ->group(group);
  app.add_option("--proxy", options.proxy, "Use this proxy; else http_proxy, https_proxy and no_proxy count")
      ->type_name("URL")
      ->group(group);
  app.add_option("--cacert", options.cacert, "Trust the authorities in FILE")
      ->type_name("FILE")
      ->group(group);
  app.add_option("--cert", options.cert, "Show this certificate to the server")
      ->type_name("FILE")
      ->group(group);
  app.add_option("--key", options.key, "The private key of --cert")->type_name("FILE")->group(group);
  add_registry_option(app, options.registry, "Look services up here")->group(group);
  add_dns_server_option(app, options.registry)->group(group);
  app.add_flag("--insecure", options.insecure, "Trust any certificate")->group(group);
}

void add_cache(CLI::App& app, FetchArgs& options) {
  const std::string group = "Cache";
  auto* cache = app.add_option("--cache", options.cache, "Keep responses in FILE (~/.cache/iso/fetch.db)")
                    ->type_name("FILE")
                    ->group(group);
  app.add_option("--cache-size", options.cache_size, "Keep no more than N mebibytes")
      ->type_name("N")
      ->check(CLI::Range(std::uint64_t{1}, kMostMebibytes))
      ->default_str("256")
      ->group(group);
  auto* none = app.add_flag("--no-cache", options.no_cache, "Neither read nor keep responses")
                   ->excludes(cache)
                   ->group(group);
  app.add_flag("--offline", options.offline, "Ask nobody: what is stored, or nothing")
      ->excludes(none)
      ->group(group);
  app.add_flag("--refresh", options.refresh, "Ask the origin whether what is stored is still right")
      ->excludes("--offline")
      ->group(group);
  app.add_option("--max-stale", options.max_stale,
                 "Take what is stored when it is out of date by no more than this")
      ->type_name("DUR")
      ->excludes(none)
      ->group(group);
}

void add_breaker(CLI::App& app, FetchArgs& options) {
  app.add_flag(
         "--breaker", options.breaker.name,
         "Call no origin that failed too often of late: each by itself, or all as NAME; the default with "
         "--url-at and for services")
      ->type_name("[=NAME]");
  app.add_flag("--no-breaker", options.no_breaker, "Call every origin, whatever happened before")
      ->excludes("--breaker");
  add_on_trip_option(app, options.breaker, "When a circuit opens, run this command");
}

}  // namespace

void FetchArgs::add_to(CLI::App& app) {
  add_what(app, *this);
  add_request(app, *this);
  add_connection(app, *this);
  add_cache(app, *this);
  add_breaker(app, *this);
  add_timeout_option(app, timeout, "Give up on a URL after so long, with all that was tried (30s)");
  add_voice_options(app, voice);
}

}  // namespace iso::cli
