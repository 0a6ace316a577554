#include "cli/shared/command.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <fmt/core.h>
#include <memory>
#include <random>
#include <unistd.h>

#include "base/duration.h"
#include "base/error.h"
#include "cli/fetch/options.h"
#include "cli/fetch/run.h"
#include "cli/shared/ending.h"
#include "http/client.h"
#include "http/token.h"
#include "http/uri.h"
#include "record/record.h"

namespace iso::cli {
namespace {

constexpr std::chrono::seconds kTimeout{30};
constexpr std::uint64_t kMebibyte = 1 << 20;

bool has_body(const FetchArgs& args) {
  return !args.body.empty() || !args.body_file.empty() || !args.body_at.empty();
}

std::string body_of(const FetchArgs& args) {
  if (args.body_file.empty()) return args.body;
  if (args.body_file != "-") return read_file(args.body_file);
  if (!args.url_at.empty())
    throw Error(ErrorKind::usage, "--body-file -: standard input has the records of --url-at");
  return read_file("/dev/stdin");
}

std::string method_of(const FetchArgs& args) {
  const std::string method = !args.method.empty() ? args.method : has_body(args) ? "POST" : "GET";
  if (!http::is_token(method))
    throw Error(ErrorKind::usage, "--request: a method is one word, such as GET or PATCH");
  if (has_body(args) && (method == "GET" || method == "HEAD"))
    throw Error(ErrorKind::usage, fmt::format("a {} has no body; leave --request out, or say POST", method));
  return method;
}

// Only iso sets the fields that delimit the body.
void check_framing(http::Fields& fields, std::optional<std::size_t> body) {
  if (fields.has("transfer-encoding"))
    throw Error(ErrorKind::usage, "--header Transfer-Encoding: iso says itself how long the body is");
  const auto length = fields.joined("content-length");
  if (length && !body)
    throw Error(ErrorKind::usage, "--header Content-Length: each record has a body of its own");
  if (length && *length != std::to_string(*body))
    throw Error(ErrorKind::usage, fmt::format("--header Content-Length: the body has {} bytes", *body));
  fields.remove("content-length");
}

RequestFields fields_of(const FetchArgs& args, std::size_t body) {
  RequestFields fields({args.headers, args.bearer_file, args.send_to, args.key_headers});
  check_framing(fields.all(), args.body_at.empty() ? std::optional(body) : std::nullopt);
  if (!args.url_at.empty() && fields.has_credentials() && !fields.names_hosts())
    throw Error(ErrorKind::usage,
                "a record may lead anywhere: say who may get the credentials, with --send-to HOST or "
                "--bearer-file FILE@HOST");
  return fields;
}

void check_file(const char* option, const std::string& path) {
  if (path.empty()) return;
  try {
    open_to_read(path);
  } catch (const Error& error) {
    throw error.during(option);
  }
}

// libcurl brings GnuTLS, which initializes itself when it is loaded unless this variable is set: a tenth of a
// short run. Code that needs GnuTLS initializes it (gnutls_global_init). Child processes do not inherit the
// variable.
void load_without_gnutls() {
  with_variable("GNUTLS_NO_IMPLICIT_INIT", "1", http::load_libcurl);
}

constexpr std::array kProxyVariables{"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"};

bool has_proxy(const FetchArgs& args, const Session& session) {
  return !args.proxy.empty() ||
         std::any_of(kProxyVariables.begin(), kProxyVariables.end(), [&session](const char* name) {
           return !session.environment.variable(name).value_or("").empty();
         });
}

http::HttpSettings settings_of(const FetchArgs& args, const Session& session) {
  http::HttpSettings settings;
  check_file("--cacert", args.cacert);
  check_file("--cert", args.cert);
  check_file("--key", args.key);
  settings.user_agent = "iso/" ISO_VERSION;
  settings.cacert = args.cacert;
  settings.cert = args.cert;
  settings.key = args.key;
  settings.insecure = args.insecure;
  settings.proxy = args.proxy;
  settings.is_proxied = has_proxy(args, session);
  settings.netrc = args.netrc_file;
  if (!args.connect_timeout.empty()) settings.connect_timeout = parse_duration(args.connect_timeout);
  settings.max_filesize = args.max_filesize;
  settings.load = load_without_gnutls;
  return settings;
}

// What makes responses private to this caller, besides the request's fields. Responses that were not
// verified, or that came through a proxy, are reused only by requests made in the same way.
std::string identity_of(const FetchArgs& args, const Session& session) {
  std::string identity;
  if (args.insecure) identity += "insecure ";
  if (!args.cacert.empty()) identity += "cacert " + read_file(args.cacert);
  if (!args.proxy.empty()) identity += "proxy " + args.proxy + " ";
  for (const char* name : kProxyVariables)
    if (const auto proxy = session.environment.variable(name); args.proxy.empty() && proxy && !proxy->empty())
      identity += fmt::format("{} {} ", name, *proxy);
  if (!args.netrc_file.empty()) identity += "netrc " + read_file(args.netrc_file);
  if (!args.cert.empty()) identity += "cert " + read_file(args.cert);
  return identity;
}

std::string registries_text(const FetchArgs& args, const Session& session) {
  const auto registries = registries_of(args.registry, session.environment);
  return fmt::format("{} {} {}", args.registry.dns_server, registries.etcd, registries.redis);
}

// --allow, and the origins of the URLs on the command line.
std::vector<std::string> allowed_of(const FetchArgs& args) {
  std::vector<std::string> allowed = args.allowed;
  for (const auto& url : args.urls)
    if (const auto origin = http::origin_of(url))
      allowed.push_back(discovery::address_of({origin->host, origin->port}));
  return allowed;
}

fetch::FetchOptions options_of(const FetchArgs& args, const Session& session) {
  fetch::FetchOptions options;
  options.reuse.offline = args.offline;
  options.reuse.refresh = args.refresh;
  if (!args.max_stale.empty())
    options.reuse.max_stale = std::chrono::floor<http::Seconds>(parse_duration(args.max_stale));
  options.retries = args.retries;
  options.timeout = duration_or(args.timeout, kTimeout);
  options.max_redirects = args.max_redirs;
  if (args.breaker.name != "true") options.circuit = args.breaker.name;
  options.identity = identity_of(args, session);
  options.registries = registries_text(args, session);
  options.key_fields = args.key_headers;
  options.trusted = args.send_to;
  options.allowed = allowed_of(args);
  options.guards_addresses = std::find(args.allowed.begin(), args.allowed.end(), "*") == args.allowed.end();
  options.rate = args.rate;
  options.max_filesize = args.max_filesize;
  options.try_timeout = duration_or(args.try_timeout, std::chrono::milliseconds(0));
  options.stall = duration_or(args.stall, std::chrono::milliseconds(0));
  options.retry_on = args.retry_on;
  options.needs_cache = !args.cache.empty();
  return options;
}

// The default cache is optional; one named with --cache must work.
std::unique_ptr<http_cache::Cache> open_cache(const FetchArgs& args, const Session& session, Report& report) {
  if (args.no_cache) return nullptr;
  const std::uint64_t most = args.cache_size * kMebibyte;
  if (!args.cache.empty()) return std::make_unique<http_cache::Cache>(args.cache, most);
  try {
    return std::make_unique<http_cache::Cache>(session.environment.cache_folder() + "/fetch.db", most);
  } catch (const Error& error) {
    report.warning(fmt::format("going on without the cache: {}", error.what()));
    return nullptr;
  }
}

// A single fetch must reach its origin; a run of many should leave an origin alone that is down.
std::unique_ptr<CommandBreaker> breaker_of(const FetchArgs& args, const Session& session, Report& report,
                                           const fetch::FetchOptions& options) {
  const bool services = std::any_of(args.urls.begin(), args.urls.end(), [](const auto& url) {
    return discovery::read_service_url(url).has_value();
  });
  const bool wanted = !args.breaker.name.empty() || ((!args.url_at.empty() || services) && !args.no_breaker);
  if (!wanted) return nullptr;
  return std::make_unique<CommandBreaker>(args.breaker, session.environment, report, options.timeout);
}

FetchInput input_of(const FetchArgs& args) {
  if (!args.url_at.empty())
    return {Pointer(args.url_at), args.body_at.empty() ? std::nullopt : std::optional(Pointer(args.body_at))};
  if (args.urls.empty())
    throw Error(ErrorKind::usage, "no URL: give one, or read records with --url-at POINTER");
  return FetchInput(args.urls);
}

// --items and --next imply --all-pages.
Paging pages_of(const FetchArgs& args) {
  Paging pages;
  if (args.items) pages.items = pointer_tokens(*args.items);
  if (args.next) pages.next = pointer_tokens(*args.next);
  return pages;
}

std::string told(std::uint64_t failed, const FetchTally& tally, bool single, std::string_view what) {
  return single ? tally.last : fmt::format("{} {}", failed, what);
}

Outcome ending(const FetchTally& tally, bool single, const Session& session, Report& report) {
  report.detail(fmt::format("{} fetched", tally.fetched));
  if (const auto signal = session.interrupted.load()) return interrupted_by(signal);
  if (tally.closed) return Outcome::done;
  if (tally.denied != 0) throw Error(ErrorKind::refused, told(tally.denied, tally, single, "were refused"));
  if (tally.unavailable != 0)
    throw Error(ErrorKind::unavailable, told(tally.unavailable, tally, single, "could not be fetched"));
  if (tally.unconfirmed != 0)
    throw Error(ErrorKind::unconfirmed, told(tally.unconfirmed, tally, single, "did not come in time"));
  if (tally.other != 0) throw Error(ErrorKind::io, told(tally.other, tally, single, "could not be fetched"));
  if (tally.bad_input != 0) return Outcome::bad_data;
  return tally.refused == 0 ? Outcome::done : Outcome::no;
}

Outcome run(const FetchArgs& args, Session& session) {
  Report report("iso fetch", args.voice, session.environment);
  FetchInput input = input_of(args);
  FetchRunOptions run_options;
  run_options.method = method_of(args);
  run_options.body = body_of(args);
  run_options.body_at = !args.body_at.empty();
  run_options.fields = fields_of(args, run_options.body.size());
  run_options.max_pages = args.max_pages;
  run_options.records = !args.items && (args.form == FetchForm::records ||
                                        (args.form == FetchForm::automatic && args.urls.size() != 1));
  run_options.pages = pages_of(args);
  run_options.all_pages = args.all_pages || args.items || args.next;
  run_options.parallel = args.parallel;
  const bool single = run_options.single = args.urls.size() == 1 && !run_options.all_pages;
  const auto cache = open_cache(args, session, report);
  const fetch::FetchOptions options = options_of(args, session);
  const auto breaker = breaker_of(args, session, report, options);
  http::Http http(settings_of(args, session));
  std::minstd_rand engine{std::random_device{}()};
  const auto random = [&engine] { return std::uniform_real_distribution<>(0, 1)(engine); };
  discovery::RegistryOptions registries = registries_of(args.registry, session.environment);
  if (options.timeout.count() != 0) registries.timeout = std::min(registries.timeout, options.timeout);
  discovery::Discovery discovery(discovery::registries(registries), random);
  fetch::Fetcher::Parts parts{http};
  parts.discovery = &discovery;
  parts.cache = cache.get();
  parts.folder = session.environment.temporary_folder();
  if (breaker) parts.breaker = &breaker->breaker();
  parts.random = random;
  parts.notice = [&report](std::string_view text) { report.note(text); };
  fetch::Fetcher fetcher(std::move(parts), options);
  FetchRun run(input, fetcher, report, std::move(run_options), session.interrupted);
  return ending(run.run(), single, session, report);
}

}  // namespace

Run bind_fetch(CLI::App& app) {
  auto args = std::make_shared<FetchArgs>();
  args->add_to(app);
  return [args](Session& session) { return run(*args, session); };
}

}  // namespace iso::cli
