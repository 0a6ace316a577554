#pragma once

#include <chrono>

namespace iso {

// The time, behind an interface so that a test can control it.
class Clock {
 public:
  using Steady = std::chrono::steady_clock::time_point;
  using Wall = std::chrono::time_point<std::chrono::system_clock, std::chrono::milliseconds>;

  virtual ~Clock() = default;
  virtual Steady steady() const = 0;  // for waits and rates; never jumps
  virtual Wall wall() const = 0;      // for stamps that outlive the process; may jump
};

// The machine's own clocks.
const Clock& system_clock();

}  // namespace iso
