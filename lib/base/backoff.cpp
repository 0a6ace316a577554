#include "base/backoff.h"

#include <algorithm>

namespace iso {
namespace {

using std::chrono::milliseconds;

milliseconds longest_delay(const Backoff& backoff, unsigned failures) {
  auto delay = backoff.first;
  for (unsigned i = 1; i < failures && delay < backoff.longest; ++i) delay *= 2;
  return std::min(delay, backoff.longest);
}

milliseconds share(milliseconds delay, double of_it) {
  return milliseconds(static_cast<milliseconds::rep>(static_cast<double>(delay.count()) * of_it));
}

}  // namespace

milliseconds backoff_delay(const Backoff& backoff, unsigned failures, double random) {
  const auto delay = longest_delay(backoff, failures);
  return delay - share(delay, std::clamp(random, 0.0, 1.0) / 2);
}

milliseconds full_jitter_delay(const Backoff& backoff, unsigned failures, double random) {
  return share(longest_delay(backoff, failures), std::clamp(random, 0.0, 1.0));
}

}  // namespace iso
