#pragma once

#include <chrono>

namespace iso {

struct Backoff {
  std::chrono::milliseconds first, longest;
};

// How long to wait before trying again after `failures` failures in a row, at least 1: `first`, doubled with
// each failure up to `longest`, less a random part of up to half, so that many who failed together do not
// come back together. `random` is from 0 to 1.
std::chrono::milliseconds backoff_delay(const Backoff& backoff, unsigned failures, double random);

// The same with full jitter: anything from nothing to all of it. Those who were turned away at one moment
// spread over the whole time, which an origin under load needs more than each of them its wait.
std::chrono::milliseconds full_jitter_delay(const Backoff& backoff, unsigned failures, double random);

}  // namespace iso
