#include "store/source.h"

#include <algorithm>
#include <fmt/core.h>

#include "base/backoff.h"
#include "base/duration.h"
#include "store/store.h"

namespace iso::store {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kShortestWait{1}, kLongestWait{25};
constexpr milliseconds kPollInterval{
    250};  // for what no commit tells of: an owner that died, a retry that is due
constexpr Backoff kRetryDelay{milliseconds(500), milliseconds(StoreQueue::kLongestRetryDelay)};

std::int64_t now_ms() {
  return system_clock().wall().time_since_epoch().count();
}

Access access_for(const SourceOptions& options) {
  if (options.declare) return Access::create;
  return options.peek ? Access::look : Access::use;
}

}  // namespace

StoreSource::StoreSource(const Url& url, const SourceOptions& options)
    : options_(options),
      file_(url, access_for(options), options.timeout),
      queue_(file_, options_),
      pause_(kShortestWait),
      locked_(file_.database()) {
  if (options_.peek && file_.database().is_still())
    options_.notice(fmt::format(
        "{} is in a folder that cannot be written: it is read as it is now, as a copy that stands "
        "still",
        file_.path()));
  // From here on a loss of power only means that a message comes again.
  if (!options_.peek) file_.sync_commits(false);
}

void StoreSource::tell_of_lock(bool done) {
  if (!told_of_lock_ && !locked_.text().empty()) options_.notice(locked_.text() + "; waiting");
  told_of_lock_ = !locked_.text().empty();
  if (!done && options_.outage.count() != 0 && *locked_.duration() >= options_.outage)
    throw Error(ErrorKind::unavailable, fmt::format("{}: locked by another process for {}", file_.path(),
                                                    duration_text(options_.outage)));
}

SourceState StoreSource::take(std::size_t most, std::vector<Delivery>& out) {
  if (stopped_) return SourceState::ended;
  if (options_.peek) return peek(most, out);
  most = std::min<std::size_t>(most,
                               options_.prefetch - std::min<std::size_t>(claimed_.size(), options_.prefetch));
  SourceState state = SourceState::idle;
  const bool done =
      unless_locked([&] { state = most != 0 && may_take() && should_poll() ? claim(most, out) : pause(); });
  return done ? state : pause();
}

// Another relay that has the queue keeps it until it ends, however it ends.
bool StoreSource::may_take() {
  if (!options_.relay || alone_) return true;
  alone_ = file_.try_lock_queue(queue_.name());
  if (!alone_ && !told_of_other_)
    options_.notice(fmt::format("another relay has the queue \"{}\"; waiting for it to end", queue_.name()));
  told_of_other_ = !alone_;
  return alone_;
}

// Asking for data_version costs a microsecond, and tells of every commit but our own.
bool StoreSource::should_poll() {
  const auto version = file_.database().integer("PRAGMA data_version");
  const auto now = system_clock().steady();
  if (!poll_now_ && version == seen_ && now < next_poll_) return false;
  if (now >= next_poll_) file_.release_dead_owners();
  next_poll_ = now + kPollInterval;
  seen_ = version;
  poll_now_ = false;
  return true;
}

SourceState StoreSource::pause() {
  pause_ = std::min(pause_ * 2, kLongestWait);
  return SourceState::idle;
}

SourceState StoreSource::claim(std::size_t most, std::vector<Delivery>& out) {
  const auto now = now_ms();
  std::vector<StoredMessage> messages;
  if (!options_.relay) {
    queue_.expire(now);
  } else if (queue_.has_expired(now)) {
    queue_.claim_expired(most, now, messages);
  }
  if (messages.empty() && !queue_.has_ready(now)) return pause();
  if (messages.empty()) queue_.claim(most, now, messages);
  Ticket ticket = next_ticket_;
  for (const auto& message : messages) claimed_.emplace(ticket++, Claimed{message.seq, message.attempts});
  give(messages, out);
  pause_ = kShortestWait;
  poll_now_ = true;
  return messages.size() == most ? SourceState::ready : SourceState::idle;
}

void StoreSource::give(std::vector<StoredMessage>& messages, std::vector<Delivery>& out) {
  for (auto& message : messages) {
    Delivery& taken = out.emplace_back();
    taken.ticket = next_ticket_++;
    // Its number is 0: it is no input, but a message that stays in its queue, dead.
    if (!message.error.empty())
      taken.bad_input = std::make_unique<BadInput>(BadInput{0, 0, 0, std::move(message.error), {}});
    taken.record = std::move(message.record);
  }
}

SourceState StoreSource::peek(std::size_t most, std::vector<Delivery>& out) {
  const std::uint64_t limit = options_.count != 0 ? options_.count
                              : options_.peek_all ? UINT64_MAX
                                                  : options_.peek_most;
  most = std::min<std::uint64_t>(most, limit - peeked_);
  std::vector<StoredMessage> messages;
  queue_.look(last_peeked_, most, now_ms(), messages);
  if (!messages.empty()) last_peeked_ = messages.back().seq;
  peeked_ += messages.size();
  give(messages, out);
  if (!messages.empty() && peeked_ < limit) return SourceState::ready;
  if (options_.count == 0 && peeked_ == limit) tell_of_more();
  return SourceState::ended;
}

void StoreSource::tell_of_more() {
  if (const auto more = queue_.count_after(last_peeked_); more != 0)
    options_.notice(fmt::format("{} more in the queue; --count shows more", more));
}

bool StoreSource::settle(Ticket ticket, Disposition how, std::string_view why) {
  if (options_.peek) return false;
  const auto [seq, attempts] = claimed_.at(ticket);
  claimed_.erase(ticket);
  StoreQueue::Settlement settlement{seq, how, false, 0, std::string(why)};
  if (how == Disposition::requeue) {
    const std::uint32_t failures = attempts + 1;
    settlement.dead = options_.max_attempts != 0 && failures >= options_.max_attempts;
    if (!settlement.dead) settlement.not_before = retry_at(failures);
  }
  const bool comes_again =
      (how == Disposition::give_back || (how == Disposition::requeue && !settlement.dead)) && !stopped_;
  settled_.push_back(std::move(settlement));
  return comes_again;
}

std::int64_t StoreSource::retry_at(std::uint32_t failures) {
  const auto rest = backoff_delay(kRetryDelay, failures, std::uniform_real_distribution()(random_));
  next_poll_ = std::min(next_poll_, system_clock().steady() + rest);
  return now_ms() + rest.count();
}

void StoreSource::flush() {
  if (options_.peek) return;
  // Also with nothing to settle: what an application writes while our sink is away must not pile up.
  const bool done = unless_locked([this] {
    if (!settled_.empty()) queue_.settle(settled_, now_ms());
    file_.tidy();
  });
  if (done) settled_.clear();
}

bool StoreSource::drained() {
  bool drained = false;
  if (settled_.empty() && (!options_.relay || alone_))
    unless_locked([&] { drained = queue_.is_empty(now_ms()); });
  return drained;
}

std::unique_ptr<Source> open_store_source(const Url& url, const SourceOptions& options) {
  return std::make_unique<StoreSource>(url, options);
}

}  // namespace iso::store
