#pragma once

#include <algorithm>
#include <chrono>

#include "base/stop_signal.h"
#include "base/wait.h"

namespace iso::amqp {

// Until when something is waited for: for a time, but only three seconds more once a stop_signal came.
class Deadline {
 public:
  explicit Deadline(std::chrono::milliseconds limit) : until_(Clock::now() + limit) {}

  // What is left of it, never negative.
  std::chrono::milliseconds left() {
    const auto now = Clock::now();
    if (!interrupted_ && stop_signal.load() != 0) {
      interrupted_ = true;
      until_ = std::min(until_, now + kAfterSignal);
    }
    return std::max(std::chrono::ceil<std::chrono::milliseconds>(until_ - now), std::chrono::milliseconds(0));
  }
  bool passed() { return left().count() == 0; }
  // A part of it, one of `parts`; at least a millisecond, so that each host is tried.
  Deadline share(int parts) {
    Deadline part(std::max(left() / parts, std::chrono::milliseconds(1)));
    part.interrupted_ = interrupted_;
    return part;
  }
  const char* reason() const { return interrupted_ ? "interrupted by a signal" : "no answer in time"; }

  // Until one of `events` (POLLIN, POLLOUT) is there, a signal came, or a moment has passed.
  void wait(int fd, short events) {
    constexpr std::chrono::milliseconds kMoment{200};  // a signal just before the wait is noticed after this
    wait_for({fd, events}, std::min(left(), kMoment));
  }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds kAfterSignal{3};

  Clock::time_point until_;
  bool interrupted_ = false;
};

}  // namespace iso::amqp
