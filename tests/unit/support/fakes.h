#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "pump/end.h"

namespace iso::test {

// Time that moves only when a test says so, or by `step` each time steady time is asked for.
class FakeClock final : public Clock {
 public:
  Steady steady() const override { return now += step; }
  Wall wall() const override {
    return Wall(std::chrono::milliseconds(1'700'000'000'000)) +
           std::chrono::duration_cast<std::chrono::milliseconds>(now - Steady(std::chrono::hours(1)));
  }

  std::chrono::milliseconds step{0};
  mutable Steady now{std::chrono::hours(1)};
};

// Gives these bodies; a body "!" is bad input, "?" a message that cannot be read. Remembers how each was
// settled.
class FakeSource final : public Source {
 public:
  explicit FakeSource(std::vector<std::string> bodies) : bodies_(std::move(bodies)) {}

  SourceState take(std::size_t most, std::vector<Delivery>& out) override {
    ++takes;
    largest_take = std::max(largest_take, most);
    if (breaks_at_the_end && given_ == bodies_.size()) throw Error(breaks_with, "the rest is missing");
    for (; most > 0 && given_ < bodies_.size(); --most) {
      Delivery taken;
      taken.record.body = bodies_[given_];
      taken.ticket = ++given_;
      if (taken.record.body == "!")
        taken.bad_input = std::make_unique<BadInput>(BadInput{given_, given_, 0, "no good", "!"});
      if (taken.record.body == "?")
        taken.bad_input = std::make_unique<BadInput>(BadInput{0, 0, 0, "damaged", "?"});
      out.push_back(std::move(taken));
    }
    if (given_ < bodies_.size() || breaks_at_the_end) return SourceState::ready;
    return stays_open ? SourceState::idle : SourceState::ended;
  }
  bool settle(Ticket ticket, Disposition how, std::string_view why) override {
    settled[ticket] = how;
    reasons[ticket] = why;
    ++unflushed;
    if (ticket <= lost_up_to) return true;
    return (how == Disposition::requeue || how == Disposition::postpone) && gives_again;
  }
  void flush() override { unflushed = 0; }
  Wait wait() const override {
    ++waits;
    return waits_for;
  }
  bool drained() override {
    ++drain_checks;
    return given_ == bodies_.size();
  }
  std::string_view away() const override { return why_away; }
  void stop() override {
    ++stops;
    if (stop_fails) throw Error(ErrorKind::unavailable, "it did not hear");
  }

  Ticket lost() const override { return lost_up_to; }
  std::chrono::milliseconds longest_wait() const override { return longest; }
  bool finish() override {
    ++finishes;
    return knows_all;
  }

  Ticket lost_up_to = 0;
  std::chrono::milliseconds longest{0};
  bool knows_all = true;
  std::size_t finishes = 0;
  bool stays_open = false, gives_again = false, breaks_at_the_end = false, stop_fails = false;
  ErrorKind breaks_with = ErrorKind::io;
  std::string why_away;
  Wait waits_for{std::chrono::milliseconds(1)};
  std::map<Ticket, Disposition> settled;
  std::map<Ticket, std::string> reasons;
  std::size_t takes = 0, largest_take = 0, unflushed = 0, stops = 0, drain_checks = 0;
  mutable std::size_t waits = 0;

 private:
  std::vector<std::string> bodies_;
  std::size_t given_ = 0;
};

// Answers everything flushed, last first, as a broker may; what `statuses` names by body gets that status.
class FakeSink final : public Sink {
 public:
  void put(Ticket ticket, const Record& record) override {
    if (record.body == breaks_at) throw Error(ErrorKind::unavailable, "the broker went away");
    waiting_.push_back({ticket, record.body});
    put_order.push_back(record.body);
    most_in_flight = std::max(most_in_flight, waiting_.size());
  }
  void flush() override { flushed_ = waiting_.size(); }
  void results(std::vector<DeliveryResult>& out) override {
    move_append(untried_, out);
    if (!answers) return;
    for (std::size_t most = answers_at_once; flushed_ > 0 && most > 0; --most) {
      const auto [ticket, body] = waiting_[--flushed_];
      const auto status = statuses.find(body);
      if (status == statuses.end()) {
        out.push_back({ticket, DeliveryStatus::confirmed, 0, {}});
      } else {
        out.push_back({ticket, status->second, 312, "NO_ROUTE"});
      }
      waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(flushed_));
    }
    if (answers_once) answers = false;
  }
  Wait wait() const override {
    ++waits;
    return waits_for;
  }
  bool closed() const override { return gone; }
  std::string_view stalled() const override { return answers ? "" : "it is full"; }
  void withdraw(Ticket up_to) override {
    withdrawals.push_back(up_to);
    const auto begun = waiting_.begin() + static_cast<std::ptrdiff_t>(std::min(begins, waiting_.size()));
    for (auto one = begun; one != waiting_.end() && one->first <= up_to; one = waiting_.erase(one))
      untried_.push_back({one->first, DeliveryStatus::untried, 0, {}});
    flushed_ = std::min(flushed_, waiting_.size());
  }
  void finish(bool begin_nothing) override { finishes.push_back(begin_nothing); }
  Demand demand() override { return wants; }
  std::string_view why_none() const override { return wants == Demand::none ? "it had enough" : ""; }

  Wait waits_for{std::chrono::milliseconds(1)};
  mutable std::size_t waits = 0;
  std::map<std::string, DeliveryStatus> statuses;
  std::string breaks_at = "never";
  bool answers = true, gone = false;
  bool answers_once = false;  // and then not until `answers` is set again
  std::size_t answers_at_once = SIZE_MAX;
  Demand wants = Demand::many;
  std::vector<Ticket> withdrawals;
  std::size_t begins = 0;      // of those that are put, how many have begun when some are withdrawn
  std::vector<bool> finishes;  // what finish() was told, each time
  std::vector<std::string> put_order;
  std::size_t most_in_flight = 0;

 private:
  std::vector<std::pair<Ticket, std::string>> waiting_;
  std::size_t flushed_ = 0;
  std::vector<DeliveryResult> untried_;
};

}  // namespace iso::test
