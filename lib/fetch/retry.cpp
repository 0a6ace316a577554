#include "fetch/retry.h"

#include <algorithm>
#include <array>

namespace iso {

bool is_passing(int status) {
  constexpr std::array kPassing{408, 425, 429, 502, 503, 504};
  return std::find(kPassing.begin(), kPassing.end(), status) != kPassing.end();
}

std::optional<Seconds> retry_after(const Fields& fields, Seconds now) {
  const auto line = fields.first("retry-after");
  if (!line) return std::nullopt;
  if (const auto seconds = read_delta_seconds(trimmed(*line))) return seconds;
  const auto date = read_http_date(*line, now);
  return date ? std::optional(std::clamp(*date - now, Seconds{0}, kLongest)) : std::nullopt;
}

std::optional<std::chrono::milliseconds> retry_delay(const Backoff& backoff, unsigned failures, double random,
                                                     std::optional<Seconds> asked,
                                                     std::chrono::milliseconds patience) {
  const std::chrono::milliseconds least = asked.value_or(Seconds{0});
  if (least > patience) return std::nullopt;
  return std::min(std::max(full_jitter_delay(backoff, failures, random), least), patience);
}

}  // namespace iso
