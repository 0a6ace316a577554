#include "ends/reconnect.h"

#include <algorithm>
#include <deque>
#include <fmt/core.h>
#include <optional>
#include <random>
#include <utility>

#include "base/backoff.h"
#include "base/error.h"

namespace iso::ends {
namespace {

using std::chrono::milliseconds;

constexpr Backoff kBackoff{milliseconds(100), milliseconds(10'000)};
constexpr milliseconds kTryAtMost{10'000};  // nothing else is done meanwhile

// An end, or the time without one.
template <class End>
class Lasting {
 public:
  Lasting(Opener<End> open, milliseconds first_limit, const Reconnecting& options)
      : open_(std::move(open)), options_(options), end_(open_(first_limit)) {}

  End* get() const { return end_.get(); }

  // Runs `call` on the end if there is one. False if there is none, or no more.
  template <class Call>
  bool with(Call call) {
    if (!end_) return false;
    try {
      call(*end_);
      return true;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::unavailable) throw;
      lose(error);
      return false;
    }
  }

  // Opens it again if it is time. True if it did.
  bool revive() {
    if (end_ || now() < next_try_) return false;
    try {
      end_ = open_(std::min(kTryAtMost, time_left()));
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::unavailable) throw;
      failed(error);
      return false;
    }
    options_.notice(fmt::format("connected again after {:.1f} s", seconds_away()));
    failures_ = 0;
    why_.clear();
    return true;
  }

  Wait wait() const {
    if (end_) return end_->wait();
    return Wait(std::max(milliseconds(0), std::chrono::ceil<milliseconds>(next_try_ - now())));
  }

  std::string_view why() const { return why_; }  // the far side is away, or ""

 private:
  Clock::Steady now() const { return options_.clock->steady(); }
  double seconds_away() const { return std::chrono::duration<double>(now() - lost_at_).count(); }

  milliseconds time_left() const {
    if (options_.outage.count() == 0) return kTryAtMost;
    return std::max(milliseconds(1), std::chrono::ceil<milliseconds>(lost_at_ + options_.outage - now()));
  }

  void lose(const Error& error) {
    end_.reset();
    lost_at_ = now();
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
  Clock::Steady lost_at_, next_try_;
  unsigned failures_ = 0;
  std::string why_;
  std::minstd_rand random_{std::random_device{}()};
};

// stalled() tells all that a notice would.
Reconnecting silent(Reconnecting options) {
  options.notice = [](std::string_view) {};
  return options;
}

class ReconnectingSink final : public Sink {
 public:
  ReconnectingSink(Opener<Sink> open, milliseconds first_limit, const Reconnecting& options)
      : sink_(std::move(open), first_limit, silent(options)) {}

  void put(Ticket ticket, const Record& record) override {
    open_.push_back({ticket, &record, false});
    sink_.with([&](Sink& sink) { sink.put(ticket, record); });
  }

  void flush() override {
    sink_.with([](Sink& sink) { sink.flush(); });
  }

  void results(std::vector<DeliveryResult>& out) override {
    if (sink_.revive()) put_again();
    const std::size_t before = out.size();
    sink_.with([&](Sink& sink) { sink.results(out); });
    for (std::size_t i = before; i < out.size(); ++i) forget(out[i].ticket);
  }

  Wait wait() const override { return sink_.wait(); }

  std::string_view stalled() const override { return sink_.get() ? sink_.get()->stalled() : sink_.why(); }

  std::string_view reply_address() const override {
    return sink_.get() ? sink_.get()->reply_address() : std::string_view();
  }

  void replies(std::vector<Record>& out) override {
    if (sink_.get()) sink_.get()->replies(out);
  }

  bool closed() const override { return sink_.get() && sink_.get()->closed(); }

 private:
  struct Open {
    Ticket ticket;
    const Record* record;
    bool answered;
  };

  void put_again() {
    sink_.with([this](Sink& sink) {
      for (const Open& open : open_)
        if (!open.answered) sink.put(open.ticket, *open.record);
      sink.flush();
    });
  }

  // Tickets have no gaps, but for flaws, which are never put.
  void forget(Ticket ticket) {
    const auto open = std::lower_bound(open_.begin(), open_.end(), ticket,
                                       [](const Open& one, Ticket wanted) { return one.ticket < wanted; });
    if (open != open_.end() && open->ticket == ticket) open->answered = true;
    while (!open_.empty() && open_.front().answered) open_.pop_front();
  }

  Lasting<Sink> sink_;
  std::deque<Open> open_;  // put and without a result, in order
};

class ReconnectingSource final : public Source {
 public:
  ReconnectingSource(Opener<Source> open, milliseconds first_limit, const Reconnecting& options)
      : source_(std::move(open), first_limit, options) {}

  SourceState take(std::size_t most, std::vector<Delivery>& out) override {
    if (!stopped_) source_.revive();
    const std::size_t before = out.size();
    SourceState state = SourceState::idle;
    if (!with([&](Source& source) { state = source.take(most, out); })) {
      out.erase(out.begin() + static_cast<std::ptrdiff_t>(before), out.end());  // they come again
      return SourceState::idle;
    }
    for (std::size_t i = before; i < out.size(); ++i) last_ = out[i].ticket += base_;
    return state;
  }

  bool settle(Ticket ticket, Disposition how, std::string_view why) override {
    if (ticket <= base_) return true;
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

  void stop() override {
    stopped_ = true;
    with([](Source& source) { source.stop(); });
  }

 private:
  // What the lost connection gave and was not settled comes again, so its tickets mean nothing from now on.
  template <class Call>
  bool with(Call call) {
    const bool had = source_.get() != nullptr;
    const bool done = source_.with(call);
    if (had && !done) base_ = last_;
    return done;
  }

  Lasting<Source> source_;
  Ticket base_ = 0;  // what is added to the tickets of the connection that we have
  Ticket last_ = 0;  // the last that was given
  bool stopped_ = false;
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
