#pragma once

#include <chrono>
#include <initializer_list>
#include <optional>

namespace iso {

// What someone who has nothing to do now is waiting for: a descriptor to become ready, a time to pass, or
// both. No descriptor and no time: nothing will ever come of waiting for it.
struct Wait {
  int fd = -1;
  short events = 0;  // POLLIN, POLLOUT as for poll(2)
  std::optional<std::chrono::milliseconds> at_most;
};

// Waits until one of them is ready, `limit` has passed, or a signal came. Spurious returns are allowed.
void wait_any(std::initializer_list<Wait> waits, std::chrono::milliseconds limit);

}  // namespace iso
