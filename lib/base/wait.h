#pragma once

#include <chrono>
#include <optional>
#include <poll.h>
#include <vector>

namespace iso {

// What a part of the program waits for: any of some descriptors to become ready, or a time to pass. With
// neither, there is nothing to wait for.
struct Wait {
  Wait() = default;
  // `events` are POLLIN, POLLOUT as for poll(2).
  Wait(int fd, short events, std::optional<std::chrono::milliseconds> limit = std::nullopt);
  explicit Wait(std::chrono::milliseconds limit) : at_most(limit) {}

  void no_longer_than(std::chrono::milliseconds limit);

  std::vector<pollfd> descriptors;
  std::optional<std::chrono::milliseconds> at_most;
};

// For whichever comes first.
Wait operator|(Wait one, const Wait& other);

// Waits until a descriptor is ready, its time or `limit` has passed, or a signal arrives. May return early.
void wait_for(Wait wait, std::chrono::milliseconds limit);

}  // namespace iso
