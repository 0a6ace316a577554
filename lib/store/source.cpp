#include "store/source.h"

#include <algorithm>
#include <fmt/core.h>

#include "base/backoff.h"
#include "base/duration.h"
#include "store/queue_setup.h"
#include "store/store.h"

namespace iso::store {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kShortestWait{1}, kLongestWait{25};
constexpr milliseconds kPollInterval{
    250};  // for what no commit tells of: an owner that died, a retry that is due
constexpr Backoff kRetryDelay{milliseconds(500), StoreEngine::kLongestRest};
static_assert(kRetryDelay.first / 2 >= kPollInterval, "who polls finds a retry in time");
constexpr std::uint64_t kManyTries = 32;                         // from here on the delay has stopped to grow
constexpr std::size_t kPrunedWithEach = 2, kPrunedAnyway = 100;  // messages whose retention is over

// A message that is larger than --max-message.
class TooLarge : public Error {
 public:
  explicit TooLarge(const std::string& what) : Error(ErrorKind::data, what) {}
};

Access access_for(const SourceOptions& options) {
  if (options.declare) return Access::create;
  return options.peek ? Access::look : Access::use;
}

}  // namespace

StoreSource::StoreSource(const Url& url, const SourceOptions& options)
    : StoreSource(open_store(url, access_for(options), options.timeout), options) {}

StoreSource::StoreSource(OpenStore store, const SourceOptions& options, const Clock& clock)
    : options_(options),
      store_(std::move(store)),
      clock_(clock),
      queue_(set_up_queue(store_, options_)),
      pause_(kShortestWait),
      locked_(engine(), clock) {
  if (options_.peek && engine().is_still())
    options_.notice(fmt::format(
        "{} is in a folder that cannot be written: it is read as it is now, as a copy that stands "
        "still",
        engine().name()));
}

StoreSource::~StoreSource() {
  if (options_.peek) return;
  try {
    engine().leave();
  } catch (const Error&) {
    // Others can tell that we are gone, and the next to come does it for us.
  }
}

void StoreSource::tell_of_lock(bool done) {
  if (!told_of_lock_ && !locked_.text().empty()) options_.notice(locked_.text() + "; waiting");
  told_of_lock_ = !locked_.text().empty();
  if (!done && options_.outage.count() != 0 && *locked_.duration() >= options_.outage)
    throw Error(ErrorKind::unavailable, fmt::format("{}: locked by another process for {}", engine().name(),
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
  alone_ = engine().try_lock_queue(queue_);
  if (!alone_ && !told_of_other_)
    options_.notice(fmt::format("another relay has the queue \"{}\"; waiting for it to end", queue_));
  told_of_other_ = !alone_;
  return alone_;
}

// Asking for the version costs a microsecond, and tells of every commit but our own.
bool StoreSource::should_poll() {
  const auto version = engine().version();
  const auto now = clock_.steady();
  if (!poll_now_ && version == seen_ && now < next_poll_) return false;
  if (now >= next_poll_) engine().release_dead_owners();
  next_poll_ = now + kPollInterval;
  seen_ = version;
  poll_now_ = false;
  return true;
}

SourceState StoreSource::pause() {
  pause_ = std::min(pause_ * 2, kLongestWait);
  return SourceState::idle;
}

// A listener's queue drops what is too old, as a broker's does. What an application gave to a relay must not
// be dropped without a word: it is given, as dead.
SourceState StoreSource::claim(std::size_t rows, std::vector<Delivery>& out) {
  const Most most{rows, kTakeBytes};
  const auto now = now_ms();
  std::vector<StoredMessage> messages;
  bool more = false;
  if (options_.relay) {
    more = engine().claim_expired(queue_, most, [&](const StoredRow& row) {
      messages.push_back(read_message(row, queue_, now));
      messages.back().error =
          fmt::format("expired: message {} of queue \"{}\" was not sent within its time to live",
                      messages.back().record.message_id.value_or(fmt::format("number {}", row.seq)), queue_);
    });
  } else {
    engine().expire(queue_);
  }
  if (messages.empty()) {
    // What is before one that is too large is still taken.
    std::size_t before = 0;
    try {
      more = engine().claim(queue_, most, [&](const StoredRow& row) {
        messages.push_back(read(row, now));
        ++before;
      });
    } catch (const TooLarge&) {
      if (before == 0) throw;
      messages.clear();
      more = engine().claim(queue_, {before, kTakeBytes},
                            [&](const StoredRow& row) { messages.push_back(read(row, now)); });
    }
  }
  if (messages.empty()) return pause();
  Ticket ticket = next_ticket_;
  for (const auto& message : messages)
    claimed_.emplace(ticket++,
                     Claimed{message.seq, message.attempts, message.record.delivery_count.value_or(0)});
  give(messages, out);
  pause_ = kShortestWait;
  poll_now_ = true;
  return more ? SourceState::ready : SourceState::idle;
}

StoredMessage StoreSource::read(const StoredRow& row, std::int64_t now) {
  if (row.body.size() > options_.max_message)
    throw TooLarge(fmt::format("{}: message {} of the queue \"{}\" has {} bytes, and --max-message is {}",
                               engine().name(), row.seq, queue_, row.body.size(), options_.max_message));
  StoredMessage message = read_message(row, queue_, now);
  if (options_.relay && !message.record.message_id)
    message.record.message_id = relayed_id(engine().id(), row);
  return message;
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
  const auto now = now_ms();
  engine().look(queue_, last_peeked_, {most, kTakeBytes},
                [&](const StoredRow& row) { messages.push_back(read(row, now)); });
  if (!messages.empty()) last_peeked_ = messages.back().seq;
  peeked_ += messages.size();
  give(messages, out);
  if (!messages.empty() && peeked_ < limit) return SourceState::ready;
  if (options_.count == 0 && peeked_ == limit) tell_of_more();
  return SourceState::ended;
}

void StoreSource::tell_of_more() {
  if (const auto more = engine().count_after(queue_, last_peeked_); more != 0)
    options_.notice(fmt::format("{} more in the queue; --count shows more", more));
}

bool StoreSource::settle(Ticket ticket, Disposition how, std::string_view why) {
  if (options_.peek) return false;
  const auto claimed = claimed_.at(ticket);
  claimed_.erase(ticket);
  settled_.push_back(settlement(claimed, how, why));
  const auto mark = settled_.back().mark;
  if (mark == Settlement::Mark::postpone && options_.only_present) {
    postponed_ = true;
    return false;
  }
  return !stopped_ && (mark == Settlement::Mark::retry || mark == Settlement::Mark::give_back ||
                       mark == Settlement::Mark::postpone);
}

std::chrono::milliseconds StoreSource::retry_delay(std::uint64_t before) {
  const auto tries = static_cast<unsigned>(std::min<std::uint64_t>(before, kManyTries)) + 1;
  return backoff_delay(kRetryDelay, tries, std::uniform_real_distribution()(random_));
}

Settlement StoreSource::settlement(const Claimed& claimed, Disposition how, std::string_view why) {
  using Mark = Settlement::Mark;
  const std::uint32_t failures = claimed.attempts + 1;
  switch (how) {
    case Disposition::ack:
      return {claimed.seq, store_.options.retain.count() > 0 ? Mark::done : Mark::forget, {}, {}};
    case Disposition::give_back:
      return {claimed.seq, Mark::give_back, {}, {}};
    case Disposition::postpone:
      return {claimed.seq, Mark::postpone, retry_delay(claimed.redeliveries), std::string(why)};
    case Disposition::requeue:
      if (options_.max_attempts != 0 && failures >= options_.max_attempts) break;
      return {claimed.seq, Mark::retry, retry_delay(claimed.attempts), std::string(why)};
    case Disposition::dead_letter:
      break;
  }
  return {claimed.seq, Mark::dead, {}, std::string(why)};
}

void StoreSource::flush() {
  if (options_.peek) return;
  // Also with nothing to settle: what an application writes while our sink is away must not pile up.
  const bool done = unless_locked([this] {
    if (!settled_.empty())
      engine().settle(settled_, {store_.options.retain, kPrunedAnyway + kPrunedWithEach * settled_.size()});
    engine().tidy();
  });
  if (done) settled_.clear();
}

bool StoreSource::drained() {
  bool drained = false;
  if (settled_.empty() && (!options_.relay || alone_))
    unless_locked([&] { drained = !(options_.relay && engine().has_expired(queue_)) && !has_more(); });
  return drained;
}

// What its far side refuses may be refused for days, so who only wants what is there does not wait for it.
bool StoreSource::has_more() {
  if (!postponed_) return engine().has_open(queue_);
  bool any = false;
  engine().look(queue_, 0, {1}, [&](const StoredRow&) { any = true; });
  return any;
}

std::unique_ptr<Source> open_store_source(const Url& url, const SourceOptions& options) {
  return std::make_unique<StoreSource>(url, options);
}

}  // namespace iso::store
