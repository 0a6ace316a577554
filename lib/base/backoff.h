#pragma once

#include <chrono>

namespace iso {

struct Backoff {
  std::chrono::milliseconds first, longest;
};

// How long to wait before the next try, after `failures` failures in a row (at least 1): `first`, doubled
// with each failure up to `longest`, minus a random part of up to half, so that clients that failed together
// do not retry together. `random` is from 0 to 1.
std::chrono::milliseconds backoff_delay(const Backoff& backoff, unsigned failures, double random);

// The same with full jitter: anywhere from zero to all of it. This spreads the retries evenly over the whole
// time, for an origin under load.
std::chrono::milliseconds full_jitter_delay(const Backoff& backoff, unsigned failures, double random);

}  // namespace iso
