#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "status/status.h"

namespace iso::cli {

// What a queue must keep to be healthy.
struct Limits {
  std::optional<std::uint64_t> max_ready, min_consumers;
  std::optional<std::chrono::milliseconds> max_age;
};

// The limits that a queue does not keep, each as a line for people. A limit that the end says nothing about
// is not kept, since nobody can tell. A queue that is missing keeps all.
std::vector<std::string> broken_limits(const status::QueueStatus& queue, const Limits& limits);

}  // namespace iso::cli
