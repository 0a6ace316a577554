#include <algorithm>
#include <deque>
#include <fmt/core.h>
#include <map>
#include <optional>
#include <random>

#include "amqp/amqp.h"
#include "amqp/connection.h"
#include "amqp/delivery.h"
#include "amqp/settlements.h"
#include "amqp/source_setup.h"
#include "amqp/stream_source.h"
#include "base/backoff.h"
#include "base/clock.h"
#include "base/duration.h"
#include "base/error.h"
#include "pump/connection_closed.h"

namespace iso::amqp {
namespace {

using std::chrono::milliseconds;

constexpr Backoff kRetryDelay{milliseconds(500), milliseconds(60'000)};
constexpr std::size_t kRestAtMost = 1000;  // messages that wait for their retry and do not hold the window
constexpr std::uint64_t kFewPrefetched = 100;
constexpr std::chrono::seconds kStarvedAfter{5}, kLongestLookPause{60};
constexpr std::chrono::minutes kLongestWait{15};  // half of the broker's default consumer_timeout

// Consumes with manual acknowledgements. Delivery tags number the channel's deliveries from 1 and serve as
// tickets. A prefetch cannot be changed, and what a consumer has does not count for the next one on the same
// channel; so a consumer whose window is full of messages that wait for a retry, or that would be given more
// than are wanted, is replaced by another.
class AmqpSource final : public Source {
 public:
  AmqpSource(std::unique_ptr<Connection> connection, const OpenedQueue& queue, const SourceOptions& options)
      : options_(options), connection_(std::move(connection)), queue_(queue.name), kind_(queue.kind) {
    last_delivery_ = system_clock().steady();
    if (options.peek) {
      peek_left_ = messages_to_peek(queue.messages);
      if (peek_left_ != 0) consume(std::min<std::uint64_t>(peek_left_, UINT16_MAX));
      return;
    }
    settled_before_ = options.progress->settled;
    wanted_ = deliveries_wanted(queue.messages);
    consume_what_is_wanted();
  }

  // What was looked at on a quorum queue goes back by one plain return: a consumer that goes away with it
  // counts as one that failed.
  ~AmqpSource() override {
    if (options_.peek && kind_ == QueueKind::quorum && delivered_ != 0) {
      connection_->settle(delivered_, Disposition::requeue, true);
      options_.notice(fmt::format("{} shown, which counts as a delivery of each", delivered_));
    }
    connection_->finish();
  }

  SourceState take(std::size_t most, std::vector<Delivery>& out) override {
    if (options_.peek) return take_peeked(most, out);
    const bool all_present_taken = present_left() == 0;
    const std::size_t taken = move_ready(std::min<std::uint64_t>(most, present_left()), out);
    if (taken == most) return SourceState::ready;
    if (taken == 0) tell_if_starved();
    return all_present_taken || is_full_of_held() ? SourceState::ended : SourceState::idle;
  }

  // A message that failed would return at once, and again and again, if it were given back now. A relay's is
  // held until the channel closes, when the broker puts it back at its place; any other waits for a while.
  bool settle(Ticket ticket, Disposition how, std::string_view) override {
    if (options_.peek || settlements_.is_settled(ticket)) return false;
    if (how == Disposition::postpone) how = Disposition::requeue;
    settlements_.set(ticket, how, how == Disposition::requeue);
    ++settled_;
    switch (how) {
      case Disposition::give_back:
        one_more_is_wanted();
        return true;
      case Disposition::requeue:
      case Disposition::postpone:
        return !hold_back(ticket);
      case Disposition::ack:
      case Disposition::dead_letter:
        break;
    }
    failures_ = 0;
    ++options_.progress->settled;
    return false;
  }

  void flush() override {
    give_back_rested();
    if (settlements_.unsaid() != 0) {
      make_room_to_say(settlements_.unsaid());
      settlements_.flush([this](std::uint64_t tag, Disposition how, bool multiple) {
        connection_->settle(tag, how, multiple);
      });
    }
    grow_if_read();
    if (consuming_ && !options_.relay && 2 * resting_here_ > prefetch_ && not_before_.size() <= kRestAtMost)
      replace_consumer();
    connection_->write_some();
    connection_->keep_alive();
  }

  Wait wait() const override {
    Wait wait = connection_->wait();
    if (!ready_.empty()) wait.no_longer_than(milliseconds(0));
    if (!not_before_.empty()) {
      const auto left = std::chrono::ceil<milliseconds>(not_before_.begin()->first - system_clock().steady());
      wait.no_longer_than(std::max(left, milliseconds(0)));
    }
    return wait;
  }

  // The count is of messages that are ready; what is already on its way to us shows only as frames. The
  // broker may send those after its first answer, but not after its second.
  bool drained() override {
    if (!not_before_.empty()) return false;
    for (int look = 0; look < 2; ++look) {
      Connection::Queue queue;
      must(*connection_, connection_->declare_queue(queue_, {.passive = true}, queue), queue_);
      if (!ready_.empty() || connection_->has_frames()) return false;
      if (queue.messages != 0) {
        if (is_starved()) throw UnavailableForGood(starved_text(queue.messages));
        return false;
      }
    }
    return true;
  }

  void stop() override {
    connection_->cancel();
    consuming_ = false;
  }

  bool finish() override {
    if (!options_.peek) wait_for_settlements(*connection_, queue_);
    return true;
  }

  milliseconds longest_wait() const override {
    if (options_.peek || options_.relay) return milliseconds(0);
    const auto& limit = options_.progress->held_at_most;
    return limit ? *limit / 2 : kLongestWait;
  }

  std::string_view queue() const override { return queue_; }

 private:
  static constexpr std::uint64_t kNoLimit = UINT64_MAX;

  // ---- how much is wanted

  // Without --follow no more than were there at the start: a queue may be fed by what is taken from it.
  std::uint64_t deliveries_wanted(std::uint64_t there) const {
    SourceProgress& progress = *options_.progress;
    if (options_.only_present && !progress.present) progress.present = there;
    std::uint64_t wanted = kNoLimit;
    if (options_.count != 0) wanted = options_.count - std::min(options_.count, progress.given);
    return std::min(wanted, present_left());
  }

  // Of those that were there at the start, how many were not given yet, or came to nothing with a connection.
  std::uint64_t present_left() const {
    const SourceProgress& progress = *options_.progress;
    if (!progress.present) return kNoLimit;
    const std::uint64_t gone = settled_before_ + given_;
    return *progress.present - std::min(*progress.present, gone);
  }

  std::uint64_t messages_to_peek(std::uint64_t there) const {
    if (options_.peek_all && there > UINT16_MAX)
      throw Error(ErrorKind::usage,
                  fmt::format("the queue \"{0}\" holds {1} messages, and at most {2} can be browsed; "
                              "move them to a store first: iso listen {0} --inbox sqlite:PATH --drain",
                              queue_, there, UINT16_MAX));
    const std::uint64_t most = options_.count != 0 ? options_.count
                               : options_.peek_all ? there
                                                   : options_.peek_most;
    if (there > most && options_.count == 0)
      options_.notice(fmt::format("{} more in the queue; --count shows more", there - most));
    return std::min(most, there);
  }

  // ---- the consumer

  void consume(std::uint64_t prefetch) {
    prefetch_ = prefetch;
    resting_here_ = said_here_ = 0;
    first_here_ = delivered_ + 1;
    must(*connection_, connection_->consume(queue_, {.prefetch = static_cast<std::uint16_t>(prefetch)}),
         queue_);
    consuming_ = true;
  }

  // Each settlement lets the broker give one more. With many still wanted the prefetch is half of them, so
  // that the consumer seldom has to be replaced on the way.
  void consume_what_is_wanted() {
    wanted_here_ = wanted_ == kNoLimit ? kNoLimit : wanted_ - std::min(wanted_, delivered_);
    consuming_ = false;
    if (wanted_here_ == 0) return;
    const std::uint64_t some =
        takes_all() ? wanted_here_ : std::max(wanted_here_ / 2, std::min(wanted_here_, kFewPrefetched));
    consume(std::min(most_prefetched(), some));
  }

  std::uint64_t most_prefetched() const {
    std::uint64_t most = options_.prefetch;
    if (options_.progress->held_at_most) most = std::min<std::uint64_t>(most, options_.at_once);
    return starts_small() ? std::min(most, few_) : most;
  }

  // Its reader may hold as many as there can be, and settle none until the end: the consumer must be able to
  // give all that are wanted. It may give more once the first are settled; those are not taken.
  bool takes_all() const { return options_.prefetch == UINT16_MAX; }

  // Each return to a quorum queue costs a message one delivery. So a reader that may leave at any time holds
  // at most a quarter of what it has read so far.
  bool starts_small() const { return options_.few_at_first && kind_ == QueueKind::quorum; }

  void grow_if_read() {
    if (!consuming_ || !starts_small() || few_ >= options_.prefetch || said_here_ < 4 * prefetch_) return;
    few_ *= 2;
    replace_consumer();
  }

  // What was given back comes again.
  void one_more_is_wanted() {
    if (wanted_ == kNoLimit) return;
    --options_.progress->given;
    ++wanted_;
    ++wanted_here_;
  }

  void replace_consumer() {
    connection_->cancel_and_wait();
    take_held_frames();
    consume_what_is_wanted();
  }

  // Before `more` settlements are said, which must not make the broker give more than are wanted.
  void make_room_to_say(std::uint64_t more) {
    if (consuming_ && wanted_ != kNoLimit && !takes_all() && said_here_ + more + prefetch_ > wanted_here_) {
      if (delivered_ >= wanted_) {
        connection_->cancel();
        consuming_ = false;
      } else {
        replace_consumer();
      }
    }
    said_here_ += more;
  }

  // ---- deliveries

  void take_held_frames() {
    Frame frame;
    while (connection_->has_held() && connection_->next_frame(frame)) accept(frame);
  }

  std::size_t move_ready(std::uint64_t most, std::vector<Delivery>& out) {
    Frame frame;
    for (Connection::Turn turn; ready_.size() < most && connection_->next_frame(frame, turn);) accept(frame);
    const std::size_t taken = std::min<std::uint64_t>(most, ready_.size());
    for (std::size_t i = 0; i < taken; ++i) {
      out.push_back(std::move(ready_.front()));
      ready_.pop_front();
    }
    given_ += taken;
    options_.progress->given += taken;
    return taken;
  }

  SourceState take_peeked(std::size_t most, std::vector<Delivery>& out) {
    const std::size_t taken = move_ready(std::min<std::uint64_t>(most, peek_left_), out);
    peek_left_ -= taken;
    return peek_left_ == 0 || (taken == 0 && drained()) ? SourceState::ended : SourceState::idle;
  }

  void accept(const Frame& frame) {
    if (const auto* deliver = std::get_if<BasicDeliver>(&frame)) {
      if (deliver->tag != delivered_ + 1)
        connection_->break_protocol(fmt::format("delivery {} came after {}", deliver->tag, delivered_));
      delivery_.begin(*deliver, queue_);
    } else if (std::holds_alternative<ContentHeader>(frame) || std::holds_alternative<ContentBody>(frame)) {
      if (add_content(*connection_, delivery_, frame)) add_ready();
    } else if (std::holds_alternative<BasicCancel>(frame)) {
      throw_consumer_ended(*connection_, queue_);
    } else if (const auto* close = std::get_if<ChannelClose>(&frame)) {
      channel_closed(std::string(close->text));
    } else {
      connection_->break_protocol("an answer about publishing, to one that only listens");
    }
  }

  // Only quorum queues count; elsewhere the header is one that the message brought along.
  void add_ready() {
    if (kind_ != QueueKind::quorum) delivery_.record().delivery_count.reset();
    ready_.push_back({delivery_.tag(), std::move(delivery_.record()), delivery_.bad_input(delivery_.tag())});
    delivered_ = delivery_.tag();
    last_delivery_ = system_clock().steady();
  }

  bool is_starved() const {
    return system_clock().steady() - last_delivery_ >= kStarvedAfter && given_ == settled_;
  }

  std::string starved_text(std::uint32_t there) const {
    return fmt::format(
        "{}: the queue \"{}\" holds {} messages and gives none to this consumer: another one is its "
        "single active consumer, or goes first",
        connection_->name(), queue_, there);
  }

  // A consumer that waits for its turn should be told.
  void tell_if_starved() {
    const auto now = system_clock().steady();
    if (told_starved_ || !consuming_ || !is_starved() || now < next_look_) return;
    next_look_ = now + look_pause_;
    look_pause_ = std::min(2 * look_pause_, kLongestLookPause);
    Connection::Queue queue;
    must(*connection_, connection_->declare_queue(queue_, {.passive = true}, queue), queue_);
    if (queue.messages == 0 || !ready_.empty() || connection_->has_frames()) return;
    told_starved_ = true;
    options_.notice(starved_text(queue.messages) + "; waiting");
  }

  [[noreturn]] void channel_closed(const std::string& text) {
    const auto limit = consumer_timeout_in(text);
    if (!limit)
      throw Error(ErrorKind::unavailable,
                  fmt::format("{}: the broker closed the channel: {}", connection_->name(), text));
    options_.progress->held_at_most = *limit;
    throw Error(
        ErrorKind::unavailable,
        fmt::format(
            "{}: the broker took back what was held for longer than its consumer_timeout of {}; from now "
            "on at most {} are held at a time",
            connection_->name(), duration_text(*limit), options_.at_once));
  }

  // ---- settlements

  // True if it is held until the channel closes; else it goes back to the queue after a while.
  bool hold_back(Ticket ticket) {
    if (ticket >= first_here_) ++resting_here_;
    if (options_.relay) {
      ++held_;
      return true;
    }
    const auto delay = backoff_delay(kRetryDelay, ++failures_, std::uniform_real_distribution()(random_));
    not_before_.emplace(system_clock().steady() + delay, ticket);
    return false;
  }

  void give_back_rested() {
    const auto now = system_clock().steady();
    while (!not_before_.empty() && not_before_.begin()->first <= now) {
      const std::uint64_t tag = not_before_.begin()->second;
      not_before_.erase(not_before_.begin());
      if (tag >= first_here_) --resting_here_;
      make_room_to_say(1);
      connection_->settle(tag, Disposition::requeue, false);
    }
  }

  // The broker gives no more than the prefetch while as many are not settled.
  bool is_full_of_held() const {
    if (!consuming_ || !options_.relay || resting_here_ < prefetch_) return false;
    options_.notice(
        fmt::format("{} messages could not be passed on and were left in the queue; stopping", held_));
    return true;
  }

  SourceOptions options_;
  std::unique_ptr<Connection> connection_;
  std::string queue_;
  QueueKind kind_;
  DeliveryAssembler delivery_;
  std::deque<Delivery> ready_;  // read and not taken yet
  Settlements settlements_;

  std::uint64_t peek_left_ = 0;
  std::uint64_t wanted_ = kNoLimit;   // deliveries of this connection
  std::uint64_t delivered_ = 0;       // the last tag
  std::uint64_t given_ = 0;           // deliveries that were taken
  std::uint64_t settled_ = 0;         // of those, settled
  std::uint64_t settled_before_ = 0;  // for good, by the connections before this one
  std::uint64_t held_ = 0;
  Clock::Steady last_delivery_, next_look_{};
  std::chrono::seconds look_pause_ =
      kStarvedAfter;  // until the next look whether there is something for others
  bool told_starved_ = false;
  std::uint64_t few_ = 1;  // the prefetch while it starts small

  // Of the consumer that there is now.
  bool consuming_ = false;
  std::uint64_t prefetch_ = 0, first_here_ = 1, wanted_here_ = kNoLimit;
  std::uint64_t said_here_ = 0;     // settlements said since it began
  std::uint64_t resting_here_ = 0;  // of its deliveries, those that failed and are not back in the queue

  std::multimap<Clock::Steady, std::uint64_t> not_before_;  // tags, by when they go back to the queue
  unsigned failures_ = 0;                                   // in a row: each makes the next delay longer
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace

std::unique_ptr<Source> open_amqp_source(const Url& url, const SourceOptions& options) {
  SourceOptions all = options;
  if (!all.progress) all.progress = std::make_shared<SourceProgress>();
  auto connection = std::make_unique<Connection>(url, all);
  const OpenedQueue queue = open_queue(*connection, all);
  const auto offset = offset_of(url, all);
  if (queue.kind == QueueKind::stream) return read_stream(std::move(connection), queue.name, offset, all);
  if (offset)
    throw Error(ErrorKind::usage, fmt::format("an offset is for a stream, which \"{}\" is not", queue.name));
  return std::make_unique<AmqpSource>(std::move(connection), queue, all);
}

}  // namespace iso::amqp
