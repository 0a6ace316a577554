#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace iso::http {

// A wall clock's seconds since the epoch, or a length of time.
using Seconds = std::chrono::seconds;

// The three forms of an HTTP date (RFC 9110 section 5.6.7): IMF-fixdate, RFC 850 and asctime. Names and GMT
// are read in any case (RFC 9111 section 4.2); whether the day of the week fits the date is not asked.
// Anything else is no date. `now` places the two digits of RFC 850's year: at most 50 years ahead.
std::optional<Seconds> read_http_date(std::string_view text, Seconds now);

// "Sun, 06 Nov 1994 08:49:37 GMT"
std::string http_date(Seconds time);

// Digits alone (RFC 9111 section 1.2.2). What is larger than 2^31 is 2^31.
std::optional<Seconds> read_delta_seconds(std::string_view text);
inline constexpr Seconds kLongest{2'147'483'648};

}  // namespace iso::http
