#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace iso::http {

// Seconds of the wall clock since the epoch, or a duration.
using Seconds = std::chrono::seconds;

// Reads the three forms of an HTTP date (RFC 9110 section 5.6.7): IMF-fixdate, RFC 850 and asctime. Names and
// GMT are case-insensitive (RFC 9111 section 4.2); the day of the week is not checked against the date.
// Nothing for any other text. `now` resolves the two-digit year of RFC 850, at most 50 years in the future.
std::optional<Seconds> read_http_date(std::string_view text, Seconds now);

// "Sun, 06 Nov 1994 08:49:37 GMT"
std::string http_date(Seconds time);

// Reads delta-seconds: digits only (RFC 9111 section 1.2.2), capped at 2^31.
std::optional<Seconds> read_delta_seconds(std::string_view text);
inline constexpr Seconds kLongest{2'147'483'648};

}  // namespace iso::http
