#include <algorithm>
#include <fmt/core.h>
#include <utility>

#include "fetch/fetch.h"
#include "fetch/fetch_job.h"
#include "fetch/retry.h"
#include "http/own_fields.h"
#include "http/uri.h"

// Where a request goes: which instance of a service, and whether its circuit breaker allows the call.

namespace iso::fetch {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kMostTried = 3;  // instances of a service per round

// What counts as a failure for the circuit breaker. An unknown name or an untrusted certificate is more often
// a local mistake.
bool is_origins_fault(http::TransferError error) {
  return error == http::TransferError::connect || error == http::TransferError::timeout ||
         error == http::TransferError::cut || error == http::TransferError::protocol;
}
bool is_origins_fault(int status) {
  return status == 500 || status == 502 || status == 503 || status == 504;
}

constexpr milliseconds kLookAgain{100};  // while another process probes the circuit
constexpr milliseconds kTelling{
    5'000};  // a timeout shorter than this says more about the client than about the origin

std::string rest_text(std::string_view origin, milliseconds left) {
  return fmt::format("{} asks to wait {} s", origin, std::chrono::ceil<std::chrono::seconds>(left).count());
}

// Whether two URLs have the same origin, or the same host over http and https, each on its default port.
bool is_same_site(std::string_view first, std::string_view url) {
  const auto from = http::origin_of(first), to = http::origin_of(url);
  if (!from || !to) return false;
  const auto has_own_port = [](const http::HttpOrigin& origin) {
    return origin.port == (origin.scheme == "https" ? 443 : 80);
  };
  return from == to || (from->host == to->host && has_own_port(*from) && has_own_port(*to));
}

}  // namespace

std::string forbidden_text(std::string_view url) {
  return fmt::format("it leads to {}, whose address is not public; if it may, name the host with --allow",
                     origin_text(url));
}

// Whether the job may connect to public addresses only, because the user has not named its host.
bool Fetcher::is_guarded(const Job& job) const {
  const std::string& url = job.request.url;
  return options_.guards_addresses && !http::leads_to(url, options_.allowed) &&
         !http::leads_to(url, options_.trusted) && !(job.is_named && is_same_site(job.first_url, url));
}

std::string origin_text(std::string_view url) {
  const auto origin = http::origin_of(url);
  return origin ? fmt::format("{}://{}:{}", origin->scheme, origin->host, origin->port) : std::string(url);
}

// Looks up the instances of a service, unless they are known for this hop. A failure of the registry is
// treated like an origin that cannot be reached.
bool Fetcher::found(Job& job) {
  const auto service = discovery::read_service_url(job.key.url);
  if (!service || !job.instances.empty()) return true;
  try {
    if (!parts_.discovery) throw Error(ErrorKind::usage, "there is no registry to look services up in");
    job.instances = parts_.discovery->find(*service);
    prefer_closed_circuits(job);
    job.instances.resize(std::min(job.instances.size(), kMostTried));
    job.instance = 0;
    return true;
  } catch (const Error& error) {
    unreachable(job, error.kind(), error.what());
    return false;
  }
}

std::string Fetcher::circuit_of(const Job& job) const {
  return options_.circuit.empty() ? origin_text(job.target()) : options_.circuit;
}

// Moves instances with an open circuit to the end, so that they are not among the few that are tried.
void Fetcher::prefer_closed_circuits(Job& job) {
  if (!parts_.breaker || !options_.circuit.empty()) return;
  std::vector<discovery::Instance> open;
  std::vector<discovery::Instance> others;
  for (job.instance = 0; job.instance < job.instances.size(); ++job.instance) {
    auto& to = parts_.breaker->look(circuit_of(job)) ? others : open;
    to.push_back(job.instances[job.instance]);
  }
  others.insert(others.end(), open.begin(), open.end());
  job.instances = std::move(others);
}

// Skips instances with an open circuit. If all circuits are open, the fetch waits for its turn if time and
// retries are left.
bool Fetcher::admitted(Job& job) {
  if (!parts_.breaker) return true;
  const std::size_t first = job.instance;
  for (;;) {
    job.admission = parts_.breaker->admit(circuit_of(job));
    if (*job.admission) return true;
    if (job.instance + 1 >= job.instances.size()) break;
    ++job.instance;
  }
  const auto refused = *std::exchange(job.admission, std::nullopt);
  const auto wait = refused.is_tried ? std::optional(kLookAgain) : refused.again_in;
  const bool stale = concluded(job, nullptr).conclusion == http_cache::Conclusion::serve_stale;
  if (!stale && options_.retries != 0 && job.visible && wait && *wait < time_left(job)) {
    job.instance = first;
    rest(job, parts_.clock.steady() + std::max(*wait, milliseconds(1)));
    return false;
  }
  unreachable(job, ErrorKind::unavailable, breaker::refusal_text(refused));
  return false;
}

// Releases the lock of the key, so that no other request waits for a paused one.
void Fetcher::rest(Job& job, Clock::Steady due) {
  unlock(job);
  job.state = Job::State::resting;
  job.due = due;
}

// Whether the delay that the origin asked for in any response has passed (RFC 9110 section 10.2.3).
bool Fetcher::rested(Job& job) {
  if (rests_.empty()) return true;
  const std::string origin = origin_text(job.target());
  const auto found = rests_.find(origin);
  if (found == rests_.end()) return true;
  const auto left = std::chrono::ceil<milliseconds>(found->second - parts_.clock.steady());
  if (left.count() <= 0) {
    rests_.erase(found);
    return true;
  }
  if (left < time_left(job))
    rest(job, found->second);
  else
    unreachable(job, ErrorKind::unavailable, rest_text(origin, left));
  return false;
}

// Whether the rate limit allows the request now. If not, the job waits for its slot; that time does not count
// toward its timeout.
bool Fetcher::has_slot(Job& job) {
  if (options_.rate <= 0) return true;
  const auto now = parts_.clock.steady();
  if (!job.slot) {
    job.slot = std::max(now, next_slot_);
    next_slot_ = *job.slot + std::chrono::duration_cast<Clock::Steady::duration>(
                                 std::chrono::duration<double>(1 / options_.rate));
    job.started += *job.slot - now;
  }
  if (now < *job.slot) {
    rest(job, *job.slot);
    return false;
  }
  job.slot.reset();
  return true;
}

// Serves a stale response if that is allowed, and fails otherwise (RFC 9111 section 4.2.4).
void Fetcher::unreachable(Job& job, ErrorKind kind, const std::string& why) {
  const auto known = concluded(job, nullptr);
  if (known.conclusion != http_cache::Conclusion::serve_stale) return fail(job, kind, why);
  job.plan.chosen = known.chosen;
  serve(job, CacheUse::stale);
}

// Whether the request moves on to the next instance because this one cannot be reached. That is not a retry.
bool Fetcher::fail_over(Job& job, const http::HttpReply& reply) {
  const bool unheard =
      reply.error == http::TransferError::connect || reply.error == http::TransferError::resolve;
  const bool harmless = reply.error == http::TransferError::cut && reply.status == 0 && job.is_idempotent();
  if ((!unheard && !harmless) || job.instance + 1 >= job.instances.size()) return false;
  parts_.notice(fmt::format("{}: {}; trying the next", job.target(), reply.why));
  ++job.instance;
  --job.tries;
  send(job);
  return true;
}

void Fetcher::settle(Job& job, const http::HttpReply& reply) {
  if (!job.admission) return;
  breaker::CallResult result;
  const bool failed = reply.error != http::TransferError::none;
  if (reply.error == http::TransferError::timeout && job.waited_for_answer < kTelling)
    result.end = breaker::CallEnd::neutral;
  else if (failed ? is_origins_fault(reply.error) : is_origins_fault(reply.status))
    result.end = breaker::CallEnd::failure;
  else if (failed || reply.status >= 400)
    result.end = breaker::CallEnd::neutral;
  result.reason = failed ? reply.why : fmt::format("status {}", reply.status);
  result.retry_after = retry_after(reply.fields, now());
  parts_.breaker->settle(*std::exchange(job.admission, std::nullopt), result);
}

}  // namespace iso::fetch
