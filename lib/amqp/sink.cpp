#include <algorithm>
#include <deque>
#include <fmt/core.h>
#include <random>

#include "amqp/amqp.h"
#include "amqp/connection.h"
#include "amqp/declare.h"
#include "amqp/delivery.h"
#include "amqp/exchanges.h"
#include "amqp/nacked.h"
#include "amqp/properties.h"
#include "amqp/returned.h"
#include "base/clock.h"
#include "base/error.h"

namespace iso::amqp {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kWriteAtOnce = std::size_t{64} * 1024;
constexpr std::string_view kDirectReplies = "amq.rabbitmq.reply-to";
constexpr milliseconds kLongestDrain{2000};  // that what was nacked waits for answers to the rest
constexpr int kFrameError = 501;             // AMQP 0-9-1 section 1.2

std::string_view exchange_of(const Record& record) {
  return record.exchange ? std::string_view(*record.exchange) : "";
}
std::string_view key_of(const Record& record) {
  return record.routing_key ? std::string_view(*record.routing_key) : "";
}

// Publishes with confirms. The broker numbers what it gets on a channel from 1 and answers by number; a
// message that no queue takes comes back first, without a number. A channel that the broker closes takes
// along whatever was on its way, and does not say which message it closed over. So the first message to an
// exchange that has confirmed nothing yet goes alone, and after an unexpected close all that was on its way
// goes again, one by one: then the culprit is the one on its way.
//
// After a nack nothing is sent for a moment. A channel whose first message to a quorum queue met no leader
// gets nothing but nacks for that queue, also when it has a leader again (RabbitMQ 3.10); so what was nacked
// goes again on another channel, once all else that was on its way is answered.
class AmqpSink final : public Sink {
 public:
  AmqpSink(const Url& url, const SinkOptions& options)
      : connection_(url, options), direct_(options.direct_replies), nacked_(options.refused_for) {
    prepare_topology(connection_, options);
    open_channel();
  }

  ~AmqpSink() override {
    if (sent_.empty()) connection_.nothing_is_open();
  }

  void put(Ticket ticket, const Record& record) override {
    waiting_.push_back({ticket, &record});
    if (waiting_.size() == 1) send_waiting();
  }

  void flush() override {
    send_waiting();
    connection_.write_some();
  }

  // Statuses that are known must be returned first, so a lost connection is reported only by a call that has
  // none to return.
  void results(std::vector<DeliveryResult>& out) override {
    try {
      exchange();
    } catch (const Error&) {
      if (known_.empty() && replies_.empty()) throw;
    }
    move_append(known_, out);
  }

  Wait wait() const override {
    Wait wait = connection_.wait();
    if (!nacked_.empty()) {
      const auto left = std::chrono::ceil<milliseconds>(retry_at_ - system_clock().steady());
      if (left.count() > 0) {
        wait.no_longer_than(left);
      } else if (sent_.empty() || left <= -kLongestDrain) {
        wait.no_longer_than(milliseconds(0));
      } else {
        wait.no_longer_than(kLongestDrain + left);
      }
    }
    return wait;
  }

  std::string_view reply_address() const override { return direct_ ? kDirectReplies : std::string_view(); }

  void replies(std::vector<Record>& out) override { move_append(replies_, out); }

  void finish(bool begin_nothing) override {
    if (!begin_nothing) return;
    for (const auto& message : nacked_.give_up()) last_word(message.ticket);
  }

  std::string_view stalled() const override {
    if (!connection_.blocked().empty()) return connection_.blocked();
    if (connection_.is_stuck()) return "the broker does not read";
    return nacked_.empty() ? "" : "the broker refuses messages; they are sent again";
  }

 private:
  struct Waiting {
    Ticket ticket;
    const Record* record;  // the pump keeps it in place until its result
  };
  struct Sent {
    Ticket ticket;
    const Record* record;
    bool answered = false;
    Refusal returned;  // code 0: it was not
  };

  // RabbitMQ wants the consumer of direct replies on the channel of the requests, and before them.
  void open_channel() {
    connection_.select_confirms();
    if (direct_) must(connection_, connection_.consume(kDirectReplies, {.acked = false}));
  }

  void exchange() {
    connection_.write_some();
    Frame frame;
    for (Connection::Turn turn; connection_.next_frame(frame, turn);) take(frame);
    retry_nacked();
    send_waiting();
    connection_.write_some();
  }

  // Whether this one may go now: with the others, or else when nobody else is on the way.
  bool may_go(const Record& record) const {
    if (!nacked_.empty()) return false;
    return sent_.empty() ||
           (!in_flight_alone_ && resend_one_by_one_ == 0 && exchanges_.is_known(exchange_of(record)));
  }

  void send_waiting() {
    for (; !waiting_.empty() && may_go(*waiting_.front().record); waiting_.pop_front()) {
      send(waiting_.front());
      if (resend_one_by_one_ > 0) --resend_one_by_one_;
    }
  }

  void send(const Waiting& next) {
    const Record& record = *next.record;
    const auto exchange = exchange_of(record);
    if (const std::string* why = exchanges_.why_missing(exchange)) {
      known_.push_back({next.ticket, DeliveryStatus::returned, kNotFound, *why});
      return;
    }
    if (record.headers && !can_be_carried(*record.headers)) {
      known_.push_back({next.ticket, DeliveryStatus::returned, kFrameError,
                        "RabbitMQ takes no nan or infinity in a header"});
      return;
    }
    // RabbitMQ 3.10 returns a mandatory reply even when its requester gets it.
    const bool direct_reply = exchange.empty() && key_of(record).starts_with(kDirectReplies);
    const bool fits = connection_.publish(exchange, key_of(record),
                                          record.mandatory.value_or(true) && !direct_reply, record);
    if (!fits) {
      known_.push_back({next.ticket, DeliveryStatus::returned, kFrameError,
                        "its names or headers do not fit the broker's frame"});
      return;
    }
    in_flight_alone_ = resend_one_by_one_ > 0 || !exchanges_.is_known(exchange);
    sent_.push_back({next.ticket, next.record, false, {}});
    if (++unwritten_ % 256 == 0 || record.body.size() > kWriteAtOnce) connection_.write_some();
  }

  void take(const Frame& frame) {
    if (const auto* ack = std::get_if<BasicAck>(&frame)) {
      answer(ack->tag, ack->multiple, DeliveryStatus::confirmed);
    } else if (const auto* nack = std::get_if<BasicNack>(&frame)) {
      answer(nack->tag, nack->multiple, DeliveryStatus::nacked);
    } else if (const auto* back = std::get_if<BasicReturn>(&frame)) {
      return_.begin(*back);
    } else if (const auto* deliver = std::get_if<BasicDeliver>(&frame)) {
      reply_.begin(*deliver, kDirectReplies);
      reply_arrives_ = true;
    } else if (const auto* close = std::get_if<ChannelClose>(&frame)) {
      channel_closed(connection_.reopen(*close));
    } else if (std::holds_alternative<BasicCancel>(frame)) {
      connection_.break_protocol("the end of a consumer, to one that publishes");
    } else {
      take_content(frame);
    }
  }

  void take_content(const Frame& frame) {
    if (reply_arrives_) {
      if (add_content(connection_, reply_, frame)) take_reply();
    } else if (return_.is_open() && add_content(connection_, return_, frame)) {
      match_return();
    }
  }

  void take_reply() {
    reply_arrives_ = false;
    if (!reply_.why_unreadable().empty())
      throw Error(ErrorKind::data,
                  fmt::format("{}: a reply has {}", connection_.name(), reply_.why_unreadable()));
    replies_.push_back(std::move(reply_.record()));
  }

  // A return has no number. It is the oldest message on its way that looks most like it. Of those that are
  // alike in all of it, which is which matters to nobody.
  void match_return() {
    Sent* best = nullptr;
    int likeness = 0;
    for (Sent& sent : sent_) {
      if (sent.answered || sent.returned.code != 0) continue;
      const int alike = return_.likeness(*sent.record);
      if (alike <= likeness) continue;
      best = &sent;
      likeness = alike;
      if (alike == ReturnedMessage::kAlike) break;
    }
    if (!best) connection_.break_protocol("a message came back that is not on its way");
    best->returned = std::move(return_.why);
  }

  void answer(std::uint64_t tag, bool multiple, DeliveryStatus status) {
    const std::uint64_t first = next_tag_;
    if (tag == 0 && multiple) tag = first + sent_.size() - 1;  // section 1.8.3.13: all that is outstanding
    if (tag < first || tag - first >= sent_.size() || (!multiple && sent_[tag - first].answered))
      connection_.break_protocol(fmt::format("a confirm of message {}, which is not on its way", tag));
    for (std::uint64_t i = multiple ? 0 : tag - first; i <= tag - first; ++i) resolve(sent_[i], status);
    for (; !sent_.empty() && sent_.front().answered; ++next_tag_) sent_.pop_front();
    if (sent_.empty()) in_flight_alone_ = false;
  }

  void resolve(Sent& sent, DeliveryStatus status) {
    if (sent.answered) return;
    sent.answered = true;
    exchanges_.add_known(exchange_of(*sent.record));
    if (sent.returned.code != 0) {
      known_.push_back(
          {sent.ticket, DeliveryStatus::returned, sent.returned.code, std::move(sent.returned.text)});
    } else if (status == DeliveryStatus::nacked) {
      nacked(sent);
    } else {
      nacked_.confirmed(*sent.record);
      known_.push_back({sent.ticket, status, 0, ""});
    }
  }

  void nacked(const Sent& sent) {
    const auto now = system_clock().steady();
    const bool first = nacked_.empty();
    if (!nacked_.keep({sent.ticket, sent.record}, now)) {
      last_word(sent.ticket);
    } else if (first) {
      retry_at_ = now + nacked_.pause(std::uniform_real_distribution()(random_));
    }
  }

  void last_word(Ticket ticket) {
    known_.push_back({ticket, DeliveryStatus::nacked, 0, "the broker refused it"});
  }

  // What has no answer would be in doubt without its channel; if that takes long, the channel is kept.
  void retry_nacked() {
    if (nacked_.empty()) return;
    const auto now = system_clock().steady();
    if (now < retry_at_ || (!sent_.empty() && now < retry_at_ + kLongestDrain)) return;
    if (sent_.empty() && !direct_) {  // replies come to the channel of their requests
      connection_.renew_channel();
      open_channel();
      next_tag_ = 1;
    }
    const auto again = nacked_.take();
    if (resend_one_by_one_ != 0) resend_one_by_one_ += again.size();
    for (auto message = again.rbegin(); message != again.rend(); ++message)
      waiting_.push_front({message->ticket, message->record});
  }

  void channel_closed(const Refusal& refusal) {
    open_channel();
    next_tag_ = 1;
    std::erase_if(sent_, [](const Sent& sent) { return sent.answered; });
    if (sent_.size() == 1) {
      const Sent& culprit = sent_.front();
      if (refusal.code == kNotFound) exchanges_.add_missing(exchange_of(*culprit.record), refusal.text);
      known_.push_back({culprit.ticket, DeliveryStatus::returned, refusal.code, refusal.text});
    } else {
      resend_one_by_one_ += sent_.size();
      for (auto sent = sent_.rbegin(); sent != sent_.rend(); ++sent)
        waiting_.push_front({sent->ticket, sent->record});
    }
    sent_.clear();
    in_flight_alone_ = reply_arrives_ = false;
  }

  Connection connection_;
  bool direct_;  // direct replies come to us
  DeliveryAssembler reply_;
  bool reply_arrives_ = false;
  std::vector<Record> replies_;
  std::deque<Waiting> waiting_;
  std::deque<Sent> sent_;              // on the way, in the order of their numbers
  std::uint64_t next_tag_ = 1;         // the number of the first in sent_
  std::size_t resend_one_by_one_ = 0;  // how many at the front of waiting_ must go alone
  bool in_flight_alone_ = false;       // who is on the way must have no company
  std::vector<DeliveryResult> known_;
  ReturnedMessage return_;
  Exchanges exchanges_;
  std::uint64_t unwritten_ = 0;
  NackedMessages nacked_;
  Clock::Steady retry_at_;  // if there is any
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace

std::unique_ptr<Sink> open_amqp_sink(const Url& url, const SinkOptions& options) {
  return std::make_unique<AmqpSink>(url, options);
}

}  // namespace iso::amqp
