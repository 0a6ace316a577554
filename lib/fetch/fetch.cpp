#include "fetch/fetch.h"

#include <algorithm>
#include <fmt/core.h>

#include "base/base64.h"
#include "base/percent.h"
#include "fetch/fetch_job.h"
#include "http/address.h"
#include "http/content_decoder.h"
#include "http/date.h"
#include "http/own_fields.h"
#include "http/redirect.h"
#include "http/uri.h"

namespace iso::fetch {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kBackground{std::chrono::seconds(10)};  // for a validation in the background

// Moves user and password out of a URL (RFC 3986 section 3.2.1), so that they become a header field and never
// part of a cache key.
std::optional<std::string> take_credentials(std::string& url) {
  http::Uri uri = http::split_uri(url);
  std::string given = uri.authority ? http::take_login(*uri.authority) : "";
  if (given.empty()) return std::nullopt;
  given.pop_back();  // the @
  url = http::joined_uri(uri);
  if (given.empty()) return std::nullopt;
  std::string credentials = percent_decoded(given).value_or(given);
  if (credentials.find(':') == credentials.npos) credentials += ':';
  return credentials;
}

// RFC 7617 section 2.
void add_credentials(http::Request& request, std::string_view credentials) {
  if (request.fields.has("authorization")) return;
  std::string value = "Basic ";
  append_base64(value, credentials);
  request.fields.add("Authorization", value);
}

http::Seconds age_of(const http::Response& response) {
  const auto age = response.fields.first("age");
  return (age ? http::read_delta_seconds(*age) : std::nullopt).value_or(http::Seconds(0));
}

}  // namespace

std::string_view name_of(CacheUse use) {
  switch (use) {
    case CacheUse::hit:
      return "hit";
    case CacheUse::revalidated:
      return "revalidated";
    case CacheUse::stale:
      return "stale";
    case CacheUse::miss:
      return "miss";
    case CacheUse::bypass:
      return "bypass";
  }
  return "";
}

Fetcher::Fetcher(Parts parts, FetchOptions options)
    : parts_(std::move(parts)), options_(std::move(options)) {}

Fetcher::~Fetcher() {
  for (const auto& [token, job] : jobs_)
    if (job->state == Job::State::sent) parts_.transport.cancel(token);
}

http::Seconds Fetcher::now() const {
  return std::chrono::floor<http::Seconds>(parts_.clock.wall().time_since_epoch());
}

milliseconds Fetcher::time_left(const Job& job) const {
  const milliseconds whole = job.visible ? options_.timeout : kBackground;
  if (whole.count() == 0) return std::chrono::hours(24 * 365);
  return std::chrono::ceil<milliseconds>(job.started + whole - parts_.clock.steady());
}

// A cache failure does not fail the fetch: it is reported once, and iso continues without the cache.
void Fetcher::with_cache(const std::function<void(http_cache::Cache&)>& call) {
  if (!parts_.cache) return;
  try {
    call(*parts_.cache);
  } catch (const Error& error) {
    if (options_.needs_cache) throw;
    parts_.notice(fmt::format("going on without the cache: {}", error.what()));
    std::exchange(parts_.cache, nullptr)->give_up();
  }
}

void Fetcher::start(std::uint64_t token, http::Request request, std::string body, bool is_named) {
  auto owned = std::make_unique<Job>();
  Job& job = *owned;
  job.token = token;
  job.request = std::move(request);
  job.body = std::move(body);
  job.started = parts_.clock.steady();
  job.is_named = is_named;
  // A range counts encoded bytes, and a user who sends Accept-Encoding wants the encoded body.
  job.decodes = !job.request.fields.has("accept-encoding") && !job.request.fields.has("range");
  if (job.decodes) job.request.fields.add("Accept-Encoding", http::kAcceptEncoding);
  const auto credentials = take_credentials(job.request.url);
  if (credentials) add_credentials(job.request, *credentials);
  if (auto url = http::http_url(job.request.url)) job.request.url = std::move(*url);
  job.first_url = job.request.url;
  jobs_[token] = std::move(owned);
  ++visible_;
  look_up(job);
}

void Fetcher::look_up(Job& job) {
  job.state = Job::State::looking;
  if (is_guarded(job) &&
      !http::may_be_public(http::origin_of(job.request.url).value_or(http::HttpOrigin{}).host))
    return fail(job, ErrorKind::refused, forbidden_text(job.request.url));
  job.key = key_of(job);
  job.seen = parts_.cache ? parts_.cache->digest().without_secrets(job.request) : job.request;
  job.stored.clear();
  job.entries.clear();
  with_cache([&](http_cache::Cache& cache) { job.entries = cache.find(job.key); });
  for (auto& entry : job.entries) job.stored.push_back(std::move(entry.stored));
  job.plan = http_cache::plan(job.seen, job.stored, options_.reuse, now());
  follow_plan(job);
}

void Fetcher::follow_plan(Job& job) {
  switch (job.plan.step) {
    case http_cache::Step::serve:
      return serve(job, job.plan.stale ? CacheUse::stale : CacheUse::hit);
    case http_cache::Step::serve_then_validate:
      validate_in_background(job);
      return serve(job, CacheUse::stale);
    case http_cache::Step::not_modified:
      return end_hop(job, http_cache::not_modified(http_cache::reused(job.stored[job.plan.chosen], now())),
                     {}, CacheUse::hit);
    case http_cache::Step::validate:
    case http_cache::Step::fetch:
      return ask(job);
    case http_cache::Step::gateway_timeout:
      return end_hop(job, {504, {{"Cache-Status", "iso; detail=\"not stored\""}}}, {}, CacheUse::miss);
  }
}

void Fetcher::serve(Job& job, CacheUse use) {
  const std::size_t chosen = job.plan.chosen;
  with_cache([&](http_cache::Cache& cache) { cache.touch(job.entries[chosen], now()); });
  deliver(job, http_cache::reused(job.stored[chosen], now()), chosen, use);
}

// Delivers the body of a stored response, or the requested part of it.
void Fetcher::deliver(Job& job, http::Response response, std::size_t chosen, CacheUse use) {
  http::Body body = std::move(job.entries[chosen].body);
  if (const auto part = job.plan.part) {
    response = http_cache::partial(response, body.size(), *part);
    body = http::Body(
        std::string(body.bytes().substr(std::min<std::size_t>(part->first, body.size()), part->length)));
  }
  if (job.request.method == "HEAD") body = {};
  end_hop(job, std::move(response), std::move(body), use);
}

// Starts a fetch whose result is not returned.
void Fetcher::validate_in_background(const Job& job) {
  auto owned = std::make_unique<Job>();
  Job& behind = *owned;
  behind.token = next_hidden_++;
  behind.visible = false;
  behind.request = job.request;
  behind.first_url = job.first_url;
  behind.is_named = job.is_named;
  behind.decodes = job.decodes;
  behind.request.fields.set("Cache-Control", "no-cache");
  behind.started = parts_.clock.steady();
  jobs_[behind.token] = std::move(owned);
  look_up(behind);
}

std::vector<Fetched> Fetcher::turn(const Wait& also, milliseconds limit) {
  const bool asked = std::any_of(jobs_.begin(), jobs_.end(),
                                 [](const auto& job) { return job.second->state == Job::State::sent; });
  limit = done_.empty() ? until_next(limit) : milliseconds(0);
  if (asked) {
    for (auto& [token, reply] : parts_.transport.move(also, limit)) take(*jobs_.at(token), std::move(reply));
  } else if (limit.count() > 0) {
    wait_for(also, limit);
  }
  wake_due();
  with_cache([](http_cache::Cache& cache) { cache.commit(); });
  return std::exchange(done_, {});
}

milliseconds Fetcher::until_next(milliseconds limit) const {
  const auto now = parts_.clock.steady();
  for (const auto& [token, job] : jobs_)
    if (job->is_waiting())
      limit = std::clamp(std::chrono::ceil<milliseconds>(job->due - now), milliseconds(0), limit);
  return limit;
}

void Fetcher::wake_due() {
  std::vector<std::uint64_t> due;
  for (const auto& [token, job] : jobs_)
    if (job->is_waiting() && job->due <= parts_.clock.steady()) due.push_back(token);
  for (const auto token : due)  // waking another job may have changed or ended it
    if (const auto job = jobs_.find(token);
        job != jobs_.end() && job->second->is_waiting() && job->second->due <= parts_.clock.steady())
      wake(*job->second);
}

void Fetcher::wake(Job& job) {
  if (job.state == Job::State::resting) return send(job);
  if (job.state == Job::State::following) return ask_alone(job);
  ask(job);
}

void Fetcher::finish(Job& job, Fetched fetched) {
  release(job);
  fetched.token = job.token;
  fetched.url = job.request.url;
  fetched.attempts = job.attempts;
  fetched.interim = std::move(job.interim);
  if (!job.instances.empty() && job.attempts != 0)
    fetched.instance = discovery::address_of(job.instances[job.instance]);
  fetched.elapsed = std::chrono::floor<milliseconds>(parts_.clock.steady() - job.started);
  if (job.visible) {
    --visible_;
    done_.push_back(std::move(fetched));
  }
  jobs_.erase(job.token);
}

void Fetcher::fail(Job& job, ErrorKind kind, std::string why) {
  Fetched fetched;
  fetched.failure = {kind, std::move(why)};
  fetched.cache = parts_.cache ? CacheUse::miss : CacheUse::bypass;
  finish(job, std::move(fetched));
}

void Fetcher::end_hop(Job& job, http::Response response, http::Body body, CacheUse use) {
  if (options_.max_filesize != 0 && body.size() > options_.max_filesize)
    return fail(job, ErrorKind::unavailable,
                fmt::format("the body is longer than {} bytes", options_.max_filesize));
  if (redirect(job, response)) return;
  Fetched fetched;
  fetched.age = age_of(response);
  fetched.response = std::move(response);
  fetched.body = std::move(body);
  fetched.cache = use;
  finish(job, std::move(fetched));
}

// True if the response started another hop, or ended the job because the redirect may not be followed.
bool Fetcher::redirect(Job& job, const http::Response& response) {
  const auto location = response.fields.first("location");
  if (!http::is_redirect(response.status) || !location || options_.max_redirects == 0) return false;
  std::string target = http::resolve_uri(job.request.url, *location);
  const auto credentials = take_credentials(target);
  const auto url = http::followed_url(job.request.url, target);
  if (!url) {
    fail(job, ErrorKind::unavailable, fmt::format("redirected to {}, which is not http or https", target));
    return true;
  }
  if (job.hops == options_.max_redirects) {
    fail(job, ErrorKind::unavailable,
         fmt::format("more than {} redirects, the last to {}", options_.max_redirects, *url));
    return true;
  }
  release(job);
  auto next = http::redirected(job.request, response.status, *url, http::leads_to(*url, options_.trusted));
  job.request = std::move(next.request);
  if (credentials) add_credentials(job.request, *credentials);
  if (!next.with_body) job.body.clear();
  ++job.hops;
  job.tries = 0;
  job.instances.clear();
  job.waited = job.unconditional = false;
  job.patience.reset();
  job.partial = {};
  job.resuming = false;
  look_up(job);
  return true;
}

}  // namespace iso::fetch
