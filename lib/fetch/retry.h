#pragma once

#include <optional>

#include "base/backoff.h"
#include "http/date.h"
#include "http/fields.h"

namespace iso::fetch {

// Whether an answer of this status may be another one the next time: 408, 425, 429, 502, 503, 504.
bool is_passing(int status);

// How long the origin asks to be left alone: Retry-After in seconds or as a date, never negative (RFC 9110
// section 10.2.3). Nothing if it does not, or it cannot be read.
std::optional<http::Seconds> retry_after(const http::Fields& fields, http::Seconds now);

// How long to wait after `failures` failures in a row, at least 1: full jitter, but no less than the origin
// asks for. Nothing if that is longer than `patience`, 0 being none: then there is no use in waiting.
// `random` is from 0 to 1.
std::optional<std::chrono::milliseconds> retry_delay(const Backoff& backoff, unsigned failures, double random,
                                                     std::optional<http::Seconds> asked,
                                                     std::chrono::milliseconds patience);

}  // namespace iso::fetch
