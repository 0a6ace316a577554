#include "ends/reconnect.h"

#include <algorithm>
#include <deque>
#include <fmt/core.h>
#include <optional>
#include <random>
#include <utility>

#include "base/backoff.h"
#include "base/error.h"
#include "pump/connection_closed.h"

namespace iso::ends {
namespace {

using std::chrono::milliseconds;

constexpr Backoff kBackoff{milliseconds(100), milliseconds(10'000)};
constexpr milliseconds kTryAtMost{10'000};  // a try blocks everything else
constexpr milliseconds kStaysUp{10'000};    // a connection that held this long counts as progress
constexpr int kFirstHardError = 500;        // AMQP section 1.2: errors over what the client did

// A far side that breaks its protocol would do so again, and one that gives us nothing would give nothing.
bool can_be_mended(const Error& error) {
  return error.kind() == ErrorKind::unavailable && dynamic_cast<const UnavailableForGood*>(&error) == nullptr;
}

// An end that is opened again when it is lost.
template <class End>
class Reconnector {
 public:
  Reconnector(Opener<End> open, milliseconds first_limit, const Reconnecting& options)
      : open_(std::move(open)), options_(options), end_(open_(first_limit)), connected_at_(now()) {}

  End* get() const { return end_.get(); }

  // Runs `call` on the end. False if there is no end, or it was lost in the call.
  template <class Call>
  bool with(Call call) {
    if (!end_) return false;
    try {
      call(*end_);
      return true;
    } catch (const Error& error) {
      if (!can_be_mended(error)) throw;
      mark_lost(error);
      return false;
    }
  }

  // Opens it again if a try is due. True if it did.
  bool reconnect_if_due() {
    if (end_ || now() < next_try_) return false;
    try {
      end_ = open_(std::min(kTryAtMost, time_left()));
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::unavailable) throw;
      failed(error);
      return false;
    }
    options_.notice(fmt::format("connected again after {:.1f} s", seconds_away()));
    connected_at_ = now();
    why_.clear();
    return true;
  }

  // Resets the delays: something was achieved. A new connection alone does not reset them.
  void made_progress() { failures_ = 0; }

  Wait wait() const {
    if (end_) return end_->wait();
    return Wait(std::max(milliseconds(0), std::chrono::ceil<milliseconds>(next_try_ - now())));
  }

  std::string_view why() const { return why_; }   // why the far side is away, or ""
  int reply_code() const { return reply_code_; }  // with which it closed the connection, or 0

 private:
  Clock::Steady now() const { return options_.clock->steady(); }
  double seconds_away() const { return std::chrono::duration<double>(now() - lost_at_).count(); }

  milliseconds time_left() const {
    if (options_.outage.count() == 0) return kTryAtMost;
    return std::max(milliseconds(1), std::chrono::ceil<milliseconds>(lost_at_ + options_.outage - now()));
  }

  void mark_lost(const Error& error) {
    end_.reset();
    lost_at_ = now();
    const auto* closed = dynamic_cast<const ConnectionClosed*>(&error);
    reply_code_ = closed ? closed->reply_code() : 0;
    if (lost_at_ - connected_at_ >= kStaysUp) made_progress();
    options_.notice(fmt::format("{}; connecting again", error.what()));
    failed(error);
  }

  void failed(const Error& error) {
    why_ = error.what();
    const auto waited = now() - lost_at_;
    if (options_.outage.count() != 0 && waited >= options_.outage)
      throw Error(error.kind(), fmt::format("no connection for {:.1f} s: {}", seconds_away(), error.what()));
    next_try_ = now() + backoff_delay(kBackoff, ++failures_, std::uniform_real_distribution()(random_));
    if (options_.outage.count() != 0) next_try_ = std::min(next_try_, lost_at_ + options_.outage);
  }

  Opener<End> open_;
  Reconnecting options_;
  std::unique_ptr<End> end_;
  Clock::Steady connected_at_, lost_at_, next_try_;
  int reply_code_ = 0;
  unsigned failures_ = 0;
  std::string why_;
  std::minstd_rand random_{std::random_device{}()};
};

// The sink reports everything through stalled().
Reconnecting silent(Reconnecting options) {
  options.notice = [](std::string_view) {};
  return options;
}

// If the broker closes the connection because of one message, that message would close the next connection
// too, and take down everything in flight with it. So after a close that blames the client, or a second loss
// without progress, records without a result are sent again one by one; the one that is alone in flight when
// the broker closes the connection again is the culprit, and is returned.
class ReconnectingSink final : public Sink {
 public:
  ReconnectingSink(Opener<Sink> open, milliseconds first_limit, const Reconnecting& options)
      : sink_(std::move(open), first_limit, silent(options)) {}

  void put(Ticket ticket, const Record& record) override {
    open_.push_back({ticket, &record});
    send_due();
  }

  void flush() override {
    with([](Sink& sink) { sink.flush(); });
  }

  void results(std::vector<DeliveryResult>& out) override {
    if (sink_.reconnect_if_due()) {
      send_due();
      if (finished_) finish(begin_nothing_);
      flush();
    }
    const std::size_t before = out.size();
    with([&](Sink& sink) { sink.results(out); });
    for (std::size_t i = before; i < out.size(); ++i) forget(out[i].ticket);
    move_append(known_, out);
    if (out.size() == before) return;
    losses_ = 0;
    sink_.made_progress();
    send_due();
  }

  Wait wait() const override { return known_.empty() ? sink_.wait() : Wait(milliseconds(0)); }

  std::string_view stalled() const override { return sink_.get() ? sink_.get()->stalled() : sink_.why(); }

  std::string_view reply_address() const override {
    return sink_.get() ? sink_.get()->reply_address() : std::string_view();
  }

  void replies(std::vector<Record>& out) override {
    if (sink_.get()) sink_.get()->replies(out);
  }

  void finish(bool begin_nothing) override {
    finished_ = true;
    begin_nothing_ = begin_nothing_ || begin_nothing;
    with([&](Sink& sink) { sink.finish(begin_nothing_); });
  }

  bool closed() const override { return sink_.get() && sink_.get()->closed(); }

 private:
  struct Open {
    Ticket ticket;
    const Record* record;
    bool sent = false, answered = false;  // by this connection; by any
  };

  // Runs `call` if there is a connection, and handles its loss.
  template <class Call>
  void with(Call call) {
    if (sink_.get() && !sink_.with(call)) lost();
  }

  // Puts what may be sent now: everything, or one record if nothing else is in flight.
  void send_due() {
    while (sink_.get() && next_ < open_.size()) {
      Open& next = open_[next_];
      if (!next.answered) {
        if (in_flight_alone_ || (resend_one_by_one_ != 0 && in_flight_ != 0)) return;
        in_flight_alone_ = resend_one_by_one_ != 0;
        if (in_flight_alone_) --resend_one_by_one_;
        next.sent = true;
        ++in_flight_;
      }
      ++next_;
      if (next.sent) with([&](Sink& sink) { sink.put(next.ticket, *next.record); });
    }
  }

  // Tickets have no gaps, except for bad input, which is never put.
  void forget(Ticket ticket) {
    const auto open = std::lower_bound(open_.begin(), open_.end(), ticket,
                                       [](const Open& one, Ticket wanted) { return one.ticket < wanted; });
    if (open != open_.end() && open->ticket == ticket && !open->answered) {
      open->answered = true;
      if (open->sent) --in_flight_;
      if (in_flight_ == 0) in_flight_alone_ = false;
    }
    drop_answered();
  }

  void drop_answered() {
    for (; !open_.empty() && open_.front().answered; open_.pop_front())
      if (next_ != 0) --next_;
  }

  void lost() {
    const bool over_what_we_did = sink_.reply_code() >= kFirstHardError;
    if (in_flight_alone_ && over_what_we_did) return_culprit();
    for (Open& open : open_) open.sent = false;
    if (++losses_ > 1 || over_what_we_did || in_flight_alone_) resend_one_by_one_ += in_flight_;
    next_ = in_flight_ = 0;
    in_flight_alone_ = false;
  }

  // It was sent alone, in order, so all before it have their results.
  void return_culprit() {
    Open& culprit = open_.front();
    known_.push_back(
        {culprit.ticket, DeliveryStatus::returned, sink_.reply_code(), std::string(sink_.why())});
    culprit.answered = true;
    --in_flight_;
    drop_answered();
  }

  Reconnector<Sink> sink_;
  std::deque<Open> open_;  // put and without a result, in order
  std::size_t next_ = 0;   // of open_, the first that this connection was not given
  std::vector<DeliveryResult> known_;
  std::size_t in_flight_ = 0;          // of open_, sent by this connection
  std::size_t resend_one_by_one_ = 0;  // how many of the next in open_ are sent alone
  bool in_flight_alone_ = false;       // the one in flight must stay alone
  unsigned losses_ = 0;                // of connections, since the last result
  bool finished_ = false, begin_nothing_ = false;
};

class ReconnectingSource final : public Source {
 public:
  ReconnectingSource(Opener<Source> open, milliseconds first_limit, const Reconnecting& options)
      : source_(std::move(open), first_limit, options), progress_(options.progress) {}

  SourceState take(std::size_t most, std::vector<Delivery>& out) override {
    if (!stopped_ && source_.reconnect_if_due()) settles_ = false;
    const std::size_t before = out.size();
    SourceState state = SourceState::idle;
    if (!with([&](Source& source) { state = source.take(most, out); })) {
      out.erase(out.begin() + static_cast<std::ptrdiff_t>(before), out.end());  // they come again
      return SourceState::idle;
    }
    for (std::size_t i = before; i < out.size(); ++i) last_ = out[i].ticket += base_;
    if (out.size() != before) source_.made_progress();
    return state;
  }

  bool settle(Ticket ticket, Disposition how, std::string_view why) override {
    settles_ = settles_ || how == Disposition::ack || how == Disposition::dead_letter;
    if (ticket <= base_) {
      if (progress_) --progress_->given;
      return true;
    }
    bool again = true;
    with([&](Source& source) { again = source.settle(ticket - base_, how, why); });
    return again;
  }

  void flush() override {
    with([](Source& source) { source.flush(); });
  }

  Wait wait() const override { return source_.wait(); }

  bool drained() override {
    bool drained = false;
    with([&](Source& source) { drained = source.drained(); });
    return drained;
  }

  std::string_view queue() const override {
    return source_.get() ? source_.get()->queue() : std::string_view();
  }

  std::string_view away() const override { return source_.why(); }

  Ticket lost() const override { return base_; }

  std::chrono::milliseconds longest_wait() const override {
    return source_.get() ? source_.get()->longest_wait() : milliseconds(0);
  }

  bool finish() override {
    bool settled = false;
    with([&](Source& source) { settled = source.finish(); });
    return settled || !settles_;
  }

  void stop() override {
    stopped_ = true;
    with([](Source& source) { source.stop(); });
  }

 private:
  // Unsettled records of a lost connection come again, so their old tickets mean nothing from now on.
  template <class Call>
  bool with(Call call) {
    const bool done = source_.with(call);
    if (!done) base_ = last_;
    return done;
  }

  Reconnector<Source> source_;
  Ticket base_ = 0;  // added to the tickets of the current connection
  Ticket last_ = 0;  // the last one returned
  bool stopped_ = false;
  bool settles_ = false;  // something was settled for good on the connection that we have, or had last
  std::shared_ptr<SourceProgress> progress_;
};

}  // namespace

std::unique_ptr<Sink> reconnecting_sink(Opener<Sink> open, milliseconds first_limit,
                                        const Reconnecting& options) {
  return std::make_unique<ReconnectingSink>(std::move(open), first_limit, options);
}

std::unique_ptr<Source> reconnecting_source(Opener<Source> open, milliseconds first_limit,
                                            const Reconnecting& options) {
  return std::make_unique<ReconnectingSource>(std::move(open), first_limit, options);
}

}  // namespace iso::ends
