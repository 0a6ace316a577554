#include "base/backoff.h"

#include <algorithm>

namespace iso {

std::chrono::milliseconds backoff_delay(const Backoff& backoff, unsigned failures, double random) {
  auto delay = backoff.first;
  for (unsigned i = 1; i < failures && delay < backoff.longest; ++i) delay *= 2;
  delay = std::min(delay, backoff.longest);
  return delay - std::chrono::milliseconds(static_cast<std::chrono::milliseconds::rep>(
                     static_cast<double>(delay.count()) / 2 * std::clamp(random, 0.0, 1.0)));
}

}  // namespace iso
