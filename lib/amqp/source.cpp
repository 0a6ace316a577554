#include <algorithm>
#include <deque>
#include <fmt/core.h>
#include <map>
#include <optional>
#include <random>

#include "amqp/amqp.h"
#include "amqp/connection.h"
#include "amqp/delivery.h"
#include "base/backoff.h"
#include "base/clock.h"
#include "base/error.h"
#include "record/binding_kind.h"

namespace iso::amqp {
namespace {

std::unique_ptr<BadInput> bad_input_of(const DeliveryAssembler& delivery) {
  if (delivery.why_unreadable().empty()) return nullptr;
  return std::make_unique<BadInput>(BadInput{delivery.tag(), 0, 0, delivery.why_unreadable(), {}});
}

constexpr Backoff kRest{std::chrono::milliseconds(500), std::chrono::milliseconds(60'000)};

// Consumes with manual acknowledgements. There is one consumer on the channel, so the broker's delivery tags
// are 1, 2, 3, … and serve as tickets.
class AmqpSource final : public Source {
 public:
  AmqpSource(const Url& url, const SourceOptions& options) : options_(options), connection_(url, options) {
    const Connection::Queue queue = open_queue();
    queue_ = queue.name;
    for (const Binding& binding : options.bindings) bind(binding);
    prefetch_ = options.prefetch;
    if (options.count != 0) prefetch_ = std::min(prefetch_, options.count);
    if (options.peek) {
      peek_left_ = messages_to_peek(queue.messages);
      prefetch_ = std::min<std::uint64_t>(peek_left_, UINT16_MAX);
      if (peek_left_ == 0) return;
    }
    must(connection_.consume(queue_, true, static_cast<std::uint16_t>(prefetch_)), queue_);
  }

  ~AmqpSource() override { connection_.finish(); }

  SourceState take(std::size_t most, std::vector<Delivery>& out) override {
    if (options_.peek) most = std::min<std::uint64_t>(most, peek_left_);
    amqp_frame_t frame;
    std::size_t taken = 0;
    while (taken < most && connection_.next_frame(frame))
      if (accept(frame)) {
        out.push_back({delivery_.tag(), std::move(delivery_.record()), bad_input_of(delivery_)});
        ++taken;
      }
    if (!options_.peek)
      return taken == most ? SourceState::ready : is_full_of_held() ? SourceState::ended : SourceState::idle;
    peek_left_ -= taken;
    return peek_left_ == 0 || (taken == 0 && drained()) ? SourceState::ended : SourceState::idle;
  }

  // A message that failed would return at once, and again and again, if it were given back now. A relay's is
  // held until the channel closes, when the broker puts it back at its place; any other rests for a while.
  bool settle(Ticket ticket, Disposition how, std::string_view) override {
    if (ticket < first_unsettled_ || options_.peek) return false;
    const auto index = ticket - first_unsettled_;
    if (index >= settled_.size()) settled_.resize(index + 1);
    settled_[index] = {how, how == Disposition::requeue};
    dirty_ = true;
    if (how == Disposition::give_back) return true;
    if (how != Disposition::requeue) {
      failures_ = 0;
      return false;
    }
    if (options_.relay) {
      ++held_;
      return false;
    }
    const auto rest = backoff_delay(kRest, ++failures_, std::uniform_real_distribution()(random_));
    resting_.emplace(system_clock().steady() + rest, ticket);
    return true;
  }

  void flush() override {
    give_back_rested();
    if (dirty_) {
      settle_front();
      settle_rest();
      dirty_ = false;
    }
    connection_.write_some();
    connection_.keep_alive();
  }

  Wait wait() const override {
    Wait wait = connection_.wait();
    if (!resting_.empty()) {
      const auto left =
          std::chrono::ceil<std::chrono::milliseconds>(resting_.begin()->first - system_clock().steady());
      wait.no_longer_than(std::max(left, std::chrono::milliseconds(0)));
    }
    return wait;
  }

  // The count is of messages that are ready; what is already on its way to us shows only as frames. The
  // broker may send those after its first answer, but not after its second.
  bool drained() override {
    if (!resting_.empty()) return false;
    for (int look = 0; look < 2; ++look) {
      Connection::Queue queue;
      must(connection_.declare_queue(queue_, {.passive = true}, queue), queue_);
      if (queue.messages != 0 || connection_.has_frames()) return false;
    }
    return true;
  }

  void stop() override { connection_.cancel(); }

  std::string_view queue() const override { return queue_; }

 private:
  void give_back_rested() {
    const auto now = system_clock().steady();
    for (; !resting_.empty() && resting_.begin()->first <= now; resting_.erase(resting_.begin()))
      connection_.settle(resting_.begin()->second, Disposition::requeue, false);
  }

  void must(const Connection::Answer& answer, std::string_view name) const {
    if (!answer) return;
    if (answer->code == kNotFound)
      throw Error(ErrorKind::missing,
                  fmt::format("no queue or exchange \"{}\": {}; create what is missing with --declare", name,
                              answer->text));
    throw Error(answer->code == AMQP_ACCESS_REFUSED ? ErrorKind::refused : ErrorKind::unavailable,
                fmt::format("{}: {}", connection_.name(), answer->text));
  }

  Connection::Queue open_queue() {
    Connection::Queue queue;
    if (options_.queue.empty()) {
      must(connection_.declare_queue("", {.exclusive = true, .auto_delete = true}, queue), "");
      options_.notice(fmt::format("listening on the private queue {}", queue.name));
      return queue;
    }
    const auto refusal = connection_.declare_queue(options_.queue, {.passive = true}, queue);
    if (refusal && refusal->code == kNotFound && options_.declare) {
      must(connection_.declare_queue(options_.queue, {.durable = true}, queue), options_.queue);
    } else if (refusal && refusal->code == kNotFound) {
      throw Error(ErrorKind::missing, fmt::format("no queue \"{}\" at {}; create it with --declare",
                                                  options_.queue, connection_.name()));
    } else {
      must(refusal, options_.queue);
    }
    return queue;
  }

  void bind(const Binding& binding) {
    if (options_.declare) {
      const auto refusal = connection_.declare_exchange(binding.exchange, "direct", true);
      if (refusal && refusal->code == kNotFound)
        must(connection_.declare_exchange(binding.exchange, exchange_kind_for(binding.routing_key), false),
             binding.exchange);
    }
    const auto refusal = connection_.bind(queue_, binding.exchange, binding.routing_key);
    if (refusal && refusal->code == kNotFound)
      throw Error(ErrorKind::missing, fmt::format("no exchange \"{}\" at {}; create it with --declare",
                                                  binding.exchange, connection_.name()));
    must(refusal, binding.exchange);
  }

  std::uint64_t messages_to_peek(std::uint64_t there) const {
    if (options_.peek_all && there > UINT16_MAX)
      throw Error(
          ErrorKind::usage,
          fmt::format("the queue \"{0}\" holds {1} messages, and only {2} can be looked at and left there; "
                      "take them to a store first: iso listen {0} --inbox sqlite:PATH --drain",
                      queue_, there, UINT16_MAX));
    const std::uint64_t most = options_.count != 0 ? options_.count
                               : options_.peek_all ? there
                                                   : options_.peek_most;
    if (there > most && options_.count == 0)
      options_.notice(fmt::format("{} more in the queue; --count shows more", there - most));
    return std::min(most, there);
  }

  // True when a message is whole.
  bool accept(const amqp_frame_t& frame) {
    if (frame.frame_type != AMQP_FRAME_METHOD) return delivery_.add(frame);
    void* method = frame.payload.method.decoded;
    if (frame.payload.method.id == AMQP_BASIC_DELIVER_METHOD)
      delivery_.begin(*static_cast<amqp_basic_deliver_t*>(method), queue_);
    if (frame.payload.method.id == AMQP_BASIC_CANCEL_METHOD) consumer_ended();
    if (frame.payload.method.id == AMQP_CHANNEL_CLOSE_METHOD)
      throw Error(ErrorKind::unavailable,
                  fmt::format("{}: the broker closed the channel: {}", connection_.name(),
                              view(static_cast<amqp_channel_close_t*>(method)->reply_text)));
    return false;
  }

  // The broker ends a consumer when its queue is deleted, but also when the queue's node goes down or its
  // leader moves. Which it was shows in whether the queue is there.
  [[noreturn]] void consumer_ended() {
    Connection::Queue queue;
    const auto refusal = connection_.declare_queue(queue_, {.passive = true}, queue);
    if (refusal && refusal->code == kNotFound)
      throw Error(ErrorKind::missing, fmt::format("the queue \"{}\" was deleted", queue_));
    throw Error(ErrorKind::unavailable, fmt::format("{}: the broker ended the consumer of the queue \"{}\"",
                                                    connection_.name(), queue_));
  }

  // The broker gives no more than the prefetch while as many are not settled.
  bool is_full_of_held() const {
    if (prefetch_ == 0 || held_ < prefetch_) return false;
    options_.notice(
        fmt::format("{} messages could not be passed on and were left in the queue; stopping", held_));
    return true;
  }

  // What is settled at the front goes in runs, each one frame with `multiple`; past a message that is held
  // that would settle it too, so there each goes by itself.
  void settle_front() {
    std::size_t done = 0;
    while (done < settled_.size() && settled_[done].how) {
      const Settled first = settled_[done];
      const std::size_t start = done;
      while (done < settled_.size() && settled_[done] == first) ++done;
      if (*first.how == Disposition::requeue) passed_held_ = true;
      if (first.said) continue;
      if (!passed_held_) {
        connection_.settle(first_unsettled_ + done - 1, *first.how, true);
      } else {
        for (auto i = start; i < done; ++i) connection_.settle(first_unsettled_ + i, *first.how, false);
      }
    }
    settled_.erase(settled_.begin(), settled_.begin() + static_cast<std::ptrdiff_t>(done));
    first_unsettled_ += done;
  }

  void settle_rest() {
    for (std::size_t i = 0; i < settled_.size(); ++i) {
      if (!settled_[i].how || settled_[i].said) continue;
      connection_.settle(first_unsettled_ + i, *settled_[i].how, false);
      settled_[i].said = true;
    }
  }

  struct Settled {
    std::optional<Disposition> how;  // nothing: not yet
    bool said = false;               // the broker was told, or is not to be
    bool operator==(const Settled&) const = default;
  };

  SourceOptions options_;
  Connection connection_;
  std::string queue_;
  DeliveryAssembler delivery_;
  std::uint64_t peek_left_ = 0;
  std::uint64_t prefetch_ = 0;  // 0: no limit
  std::uint64_t held_ = 0;
  std::multimap<Clock::Steady, std::uint64_t> resting_;  // tags, by when they go back to the queue
  unsigned failures_ = 0;                                // in a row: each makes the next rest longer
  std::minstd_rand random_{std::random_device{}()};
  bool passed_held_ = false;     // there is a held one before first_unsettled_
  std::deque<Settled> settled_;  // from first_unsettled_ on
  std::uint64_t first_unsettled_ = 1;
  bool dirty_ = false;
};

}  // namespace

std::unique_ptr<Source> open_amqp_source(const Url& url, const SourceOptions& options) {
  return std::make_unique<AmqpSource>(url, options);
}

}  // namespace iso::amqp
