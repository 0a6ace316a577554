#pragma once

#include <optional>

#include "base/backoff.h"
#include "http/date.h"
#include "http/fields.h"

namespace iso::fetch {

// Whether a status is transient, so that a retry may succeed: 408, 425, 429, 502, 503, 504.
bool is_passing(int status);

// The delay that the origin asks for: Retry-After in seconds or as a date, never negative (RFC 9110 section
// 10.2.3). Nothing if the field is missing or invalid.
std::optional<http::Seconds> retry_after(const http::Fields& fields, http::Seconds now);

// The delay before the next attempt after `failures` (at least 1) consecutive failures: full jitter, but at
// least the delay that the origin asks for. Nothing if that is longer than `patience`, the time left (0:
// none), since a retry could not succeed in time. `random` is from 0 to 1.
std::optional<std::chrono::milliseconds> retry_delay(const Backoff& backoff, unsigned failures, double random,
                                                     std::optional<http::Seconds> asked,
                                                     std::chrono::milliseconds patience);

}  // namespace iso::fetch
