#include <algorithm>
#include <fmt/core.h>
#include <utility>

#include "fetch/fetch.h"
#include "fetch/fetch_job.h"
#include "fetch/retry.h"
#include "http/uri.h"

// Whom to ask: of a service those who offer it, and of all those only whose circuits are closed.

namespace iso::fetch {
namespace {

constexpr std::size_t kMostTried = 3;  // instances of a service

// What a circuit breaker counts. A name that is not known and a certificate that is not trusted are mistakes
// on our side more often.
bool is_origins_fault(http::TransferError error) {
  return error == http::TransferError::connect || error == http::TransferError::timeout ||
         error == http::TransferError::cut || error == http::TransferError::protocol;
}
bool is_origins_fault(int status) {
  return status == 500 || status == 502 || status == 503 || status == 504;
}

std::string origin_text(std::string_view url) {
  const auto origin = http::origin_of(url);
  return origin ? fmt::format("{}://{}:{}", origin->scheme, origin->host, origin->port) : std::string(url);
}

}  // namespace

// Looks up who offers a service, unless that is known for this hop. A registry that cannot say it is like an
// origin that is away.
bool Fetcher::found(Job& job) {
  const auto service = discovery::read_service_url(job.key.url);
  if (!service || !job.instances.empty()) return true;
  try {
    if (!parts_.discovery) throw Error(ErrorKind::usage, "there is no registry to look services up in");
    job.instances = parts_.discovery->find(*service);
    job.instances.resize(std::min(job.instances.size(), kMostTried));
    job.instance = 0;
    return true;
  } catch (const Error& error) {
    unreachable(job, error.kind(), error.what());
    return false;
  }
}

// Goes on to the next instance of a service as long as circuits are open.
bool Fetcher::admitted(Job& job) {
  if (!parts_.breaker) return true;
  for (;;) {
    job.admission =
        parts_.breaker->admit(options_.circuit.empty() ? origin_text(job.target()) : options_.circuit);
    if (*job.admission) return true;
    if (job.instance + 1 >= job.instances.size()) break;
    ++job.instance;
  }
  unreachable(job, ErrorKind::unavailable,
              breaker::refusal_text(*std::exchange(job.admission, std::nullopt)));
  return false;
}

// As if the origin had given no answer (RFC 9111 section 4.2.4).
void Fetcher::unreachable(Job& job, ErrorKind kind, const std::string& why) {
  const auto known = concluded(job, nullptr);
  if (known.conclusion != http_cache::Conclusion::serve_stale) return fail(job, kind, why);
  job.plan.chosen = known.chosen;
  serve(job, CacheUse::stale);
}

// Whether an instance that cannot be reached leaves it to the next; that counts as no retry.
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
  if (failed ? is_origins_fault(reply.error) : is_origins_fault(reply.status))
    result.end = breaker::CallEnd::failure;
  else if (failed || reply.status >= 400)
    result.end = breaker::CallEnd::neutral;
  result.reason = failed ? reply.why : fmt::format("status {}", reply.status);
  result.retry_after = retry_after(reply.fields, now());
  parts_.breaker->settle(*std::exchange(job.admission, std::nullopt), result);
}

}  // namespace iso::fetch
