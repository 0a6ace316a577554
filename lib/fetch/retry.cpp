#include "fetch/retry.h"

#include <algorithm>
#include <array>

namespace iso::fetch {

bool is_passing(int status) {
  constexpr std::array kPassing{408, 425, 429, 502, 503, 504};
  return std::find(kPassing.begin(), kPassing.end(), status) != kPassing.end();
}

std::optional<http::Seconds> retry_after(const http::Fields& fields, http::Seconds now) {
  const auto line = fields.first("retry-after");
  if (!line) return std::nullopt;
  if (const auto seconds = http::read_delta_seconds(trimmed(*line))) return seconds;
  const auto date = http::read_http_date(*line, now);
  return date ? std::optional(std::clamp(*date - now, http::Seconds{0}, http::kLongest)) : std::nullopt;
}

std::optional<std::chrono::milliseconds> retry_delay(const Backoff& backoff, unsigned failures, double random,
                                                     std::optional<http::Seconds> asked,
                                                     std::chrono::milliseconds patience) {
  const std::chrono::milliseconds least = asked.value_or(http::Seconds{0});
  if (least > patience) return std::nullopt;
  return std::min(std::max(full_jitter_delay(backoff, failures, random), least), patience);
}

}  // namespace iso::fetch
