#include <algorithm>
#include <fmt/core.h>

#include "fetch/fetch.h"
#include "fetch/fetch_job.h"
#include "fetch/retry.h"
#include "http_cache/range.h"
#include "http_cache/validate.h"

namespace iso::fetch {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLongestLockPause{50};
constexpr milliseconds kPatience{5'000};  // for another request for the same key, which may be stuck
constexpr Backoff kPauses{milliseconds(500), milliseconds(20'000)};

ErrorKind kind_of(http::TransferError error) {
  switch (error) {
    case http::TransferError::timeout:
      return ErrorKind::unconfirmed;
    case http::TransferError::refused:
      return ErrorKind::data;
    case http::TransferError::forbidden:
      return ErrorKind::refused;
    case http::TransferError::local:
      return ErrorKind::io;
    default:
      return ErrorKind::unavailable;
  }
}

// Whether a retry may succeed.
bool may_pass(http::TransferError error) {
  return error == http::TransferError::connect || error == http::TransferError::timeout ||
         error == http::TransferError::cut || error == http::TransferError::resolve;
}

}  // namespace

// Sends a request to the origin, unless another request for the same key is running: then waits for its
// result.
void Fetcher::ask(Job& job) {
  const bool shares =
      parts_.cache && job.is_shared() && !options_.reuse.refresh && job.visible && !job.waited;
  if (shares && !job.leads && wait_for_leader(job)) return;
  if (shares && !job.has_lock && wait_for_lock(job)) return;
  send(job);
}

bool Fetcher::wait_for_leader(Job& job) {
  const auto [place, first] = leaders_.try_emplace(job.key.text(), job.token);
  if (first) {
    job.leads = true;
    return false;
  }
  jobs_.at(place->second)->followers.push_back(job.token);
  job.state = Job::State::following;
  job.due = patience_of(job);
  return true;
}

// Until when the job waits for another request for its key. Half of the time left is kept for its own
// request.
Clock::Steady Fetcher::patience_of(Job& job) {
  if (!job.patience) job.patience = parts_.clock.steady() + std::min(kPatience, time_left(job) / 2);
  return *job.patience;
}

// The other request for the key takes too long, or its process is stopped.
void Fetcher::ask_alone(Job& job) {
  if (const auto leader = leaders_.find(job.key.text()); leader != leaders_.end())
    std::erase(jobs_.at(leader->second)->followers, job.token);
  job.waited = true;
  send(job);
}

// If the process that holds the lock dies, the kernel releases it.
bool Fetcher::wait_for_lock(Job& job) {
  const bool had_to_wait = job.state == Job::State::locked;
  bool locked = true;
  with_cache([&](http_cache::Cache& cache) { locked = cache.lock(job.key); });
  if (locked) {
    job.has_lock = parts_.cache != nullptr;
    job.waited = had_to_wait;
    if (had_to_wait) release(job);  // followers use what was stored meanwhile, or send their own requests
    look_up(job);
    return true;
  }
  const auto now = parts_.clock.steady();
  if (now >= patience_of(job)) {
    ask_alone(job);
    return true;
  }
  job.state = Job::State::locked;
  job.due = std::min(now + job.lock_pause, patience_of(job));
  job.lock_pause = std::min(2 * job.lock_pause, kLongestLockPause);
  return true;
}

void Fetcher::unlock(Job& job) {
  if (std::exchange(job.has_lock, false))
    with_cache([&](http_cache::Cache& cache) { cache.commit(), cache.unlock(job.key); });
}

void Fetcher::release(Job& job) {
  unlock(job);
  if (std::exchange(job.leads, false)) leaders_.erase(job.key.text());
  for (const auto token : std::exchange(job.followers, {})) {
    Job& follower = *jobs_.at(token);
    follower.waited = true;
    look_up(follower);
  }
}

void Fetcher::send(Job& job) {
  const milliseconds left = time_left(job);
  if (left.count() <= 0) return fail(job, ErrorKind::unconfirmed, "timed out before the request was sent");
  if (!found(job) || !rested(job) || !has_slot(job) || !admitted(job)) return;
  http::HttpRequest request;
  request.method = job.request.method;
  request.url = job.target();
  if (!job.instances.empty()) request.addresses = job.instances[job.instance].addresses;
  request.fields = job.request.fields;
  if (!job.unconditional)
    for (const auto& field : job.plan.conditions) request.fields.add(field.name, field.value);
  job.resuming = false;
  if (job.partial.size() != 0) {
    if (const auto fields = http_cache::resume_fields(job.first, job.partial.size())) {
      for (const auto& field : *fields) request.fields.set(field.name, field.value);
      job.resuming = true;
    }
  }
  request.body = job.body;
  request.timeout = left;
  if (options_.try_timeout.count() != 0) request.timeout = std::min(left, options_.try_timeout);
  request.stall = options_.stall;
  job.waited_for_answer = request.timeout;
  request.may_repeat = job.is_idempotent();
  request.decodes = job.decodes;
  request.public_only = is_guarded(job);
  request.spool = parts_.cache ? parts_.cache->folder() : parts_.folder;
  job.state = Job::State::sent;
  ++job.attempts;
  ++job.tries;
  if (!job.resuming) job.times.request = now();
  parts_.transport.start(job.token, std::move(request));
}

void Fetcher::take(Job& job, http::HttpReply reply) {
  job.state = Job::State::looking;
  if (!job.resuming) job.times.response = now();
  job.interim = std::move(reply.interim);
  settle(job, reply);
  if (fail_over(job, reply)) return;
  if (job.resuming && !resume(job, reply)) return;
  if (try_again(job, reply)) return;
  act_on(job, std::move(reply));
}

// Appends the rest of the body to the part received before. False: the job has gone on in another way.
bool Fetcher::resume(Job& job, http::HttpReply& reply) {
  if (reply.status == 0) return true;
  const http::Response answer{reply.status, reply.fields};
  if (http_cache::resumed(job.first, job.partial.size(), answer) != http_cache::Resumed::continues) {
    job.partial = {};
    job.times.response = now();
    if (reply.status != 206 && reply.status != 416) return true;  // the complete body, or an error
    send(job);
    return false;
  }
  job.partial.append(reply.body.bytes());
  reply.body = std::exchange(job.partial, {});
  reply.status = job.first.status;
  reply.fields = job.first.fields;
  return true;
}

http_cache::ResponseDecision Fetcher::concluded(const Job& job, const http::Response* answer) const {
  return http_cache::decide_response(job.seen, job.plan, job.stored, answer, job.times, options_.reuse,
                                     now());
}

bool Fetcher::is_retried(int status) const {
  const auto& all = options_.retry_on;
  return all.empty() ? is_passing(status) : std::find(all.begin(), all.end(), status) != all.end();
}

bool Fetcher::try_again(Job& job, http::HttpReply& reply) {
  const bool failed = reply.error != http::TransferError::none;
  if (failed ? !may_pass(reply.error) : !is_retried(reply.status)) return false;
  const auto asked = failed ? std::nullopt : retry_after(reply.fields, now());
  if (asked && asked->count() > 0)
    rests_[origin_text(job.target())] = parts_.clock.steady() + std::min(*asked, http::Seconds(86'400));
  if (job.tries > options_.retries || !job.is_idempotent() || !job.visible) return false;
  const http::Response answer{reply.status, reply.fields};
  if (concluded(job, failed ? nullptr : &answer).conclusion == http_cache::Conclusion::serve_stale)
    return false;
  const auto pause = retry_delay(kPauses, job.tries, parts_.random(), asked, time_left(job));
  if (!pause) return false;
  if (reply.error == http::TransferError::cut && reply.status == 200 && job.partial.size() == 0) {
    job.first = answer;
    job.partial = std::move(reply.body);
  }
  parts_.notice(fmt::format("{}: {}; trying again in {} ms", job.key.url,
                            failed ? reply.why : fmt::format("status {}", reply.status), pause->count()));
  if (!job.instances.empty()) job.instance = (job.instance + 1) % job.instances.size();
  rest(job, parts_.clock.steady() + *pause);
  return true;
}

void Fetcher::act_on(Job& job, http::HttpReply reply) {
  const bool failed = reply.error != http::TransferError::none;
  http::Response answer{reply.status, std::move(reply.fields)};
  const CacheUse from_origin = parts_.cache ? CacheUse::miss : CacheUse::bypass;
  const http_cache::ResponseDecision answered = concluded(job, failed ? nullptr : &answer);
  if (answered.invalidates)
    with_cache([&](http_cache::Cache& cache) {
      cache.remove(job.key.url);
      for (const auto& url : answered.also_invalid) cache.remove(url);
    });
  switch (answered.conclusion) {
    case http_cache::Conclusion::pass:
      if (reply.error == http::TransferError::forbidden)
        return fail(job, ErrorKind::refused, forbidden_text(job.target()));
      if (failed) return fail(job, kind_of(reply.error), std::move(reply.why));
      if (answer.status == 304 && !http_cache::has_own_condition(job.request)) return fail_without_body(job);
      return end_hop(job, std::move(answer), std::move(reply.body), from_origin);
    case http_cache::Conclusion::store:
      if (reply.ends_with_connection && job.key.url.starts_with("https"))  // it may be truncated
        return end_hop(job, std::move(answer), std::move(reply.body), from_origin);
      with_cache([&](http_cache::Cache& cache) {
        cache.store(job.key,
                    {answered.merged, http_cache::selecting_fields(job.seen, answered.merged), job.times,
                     reply.body.size()},
                    reply.body);
      });
      return end_hop(job, std::move(answer), std::move(reply.body), from_origin);
    case http_cache::Conclusion::freshen:
      return serve_freshened(job, answered);
    case http_cache::Conclusion::serve_stale:
      job.plan.chosen = answered.chosen;
      return serve(job, CacheUse::stale);
    case http_cache::Conclusion::repeat:
      if (job.unconditional) return fail_without_body(job);
      job.unconditional = true;
      job.plan.step = http_cache::Step::fetch;
      return send(job);
  }
}

// A broken origin: an empty body would be taken for the resource.
void Fetcher::fail_without_body(Job& job) {
  fail(job, ErrorKind::unavailable, "304 in response to a request without conditions");
}

// Delivers the body that was read before the request was sent, even if the entry has changed since.
void Fetcher::serve_freshened(Job& job, const http_cache::ResponseDecision& answered) {
  http_cache::CacheEntry& entry = job.entries[answered.chosen];
  const http_cache::Stored stored{answered.merged, http_cache::selecting_fields(job.seen, answered.merged),
                                  job.times, entry.body.size()};
  if (!answered.only_deliver)
    with_cache([&](http_cache::Cache& cache) {
      const bool same = stored.selecting == job.stored[answered.chosen].selecting;
      if (!same || !cache.freshen(entry.id, stored, entry.body)) cache.store(job.key, stored, entry.body);
    });
  if (answered.not_modified)
    return end_hop(job, http_cache::not_modified(answered.merged), {}, CacheUse::revalidated);
  deliver(job, answered.merged, answered.chosen, CacheUse::revalidated);
}

}  // namespace iso::fetch
