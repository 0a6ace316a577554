// A date that can be read is one of HTTP's, and is the same when it is printed and read again; one with two
// digits of a year is within fifty years. What Retry-After comes to is never negative nor beyond its longest.
// The input is the clock, in seconds, a line break, and the text.
#include <algorithm>
#include <charconv>

#include "fetch/retry.h"
#include "http/date.h"
#include "require.h"

using namespace iso;
using namespace iso::fetch;
using namespace iso::http;
using fuzz::require;

namespace {

using std::chrono::years;

constexpr Seconds kYear0{-62'167'219'200}, kYear10000{253'402'300'800};

std::string in_capitals(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return out;
}

void check_date(std::string_view text, Seconds now) {
  const auto date = read_http_date(text, now);
  require(read_http_date(in_capitals(text), now) == date, "a date is the same in capitals", text);
  if (!date) return;
  const auto places = std::count_if(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  require(places >= 10 && places <= 12, "a date has day, year and time in digits", text);
  require(*date >= kYear0 && *date <= kYear10000, "a date is within four digits of a year", text);
  if (text.find('-') != text.npos && text.find("29-") == text.npos)  // leap days are where there is one
    require(*date <= now + years(50) && *date > now - years(52), "two digits are a year that is near", text);
  if (*date == kYear10000) return;  // the leap second before it
  const std::string printed = http_date(*date);
  require(printed.size() == 29, "a date is printed in its fixed length", printed);
  require(read_http_date(printed, Seconds{0}) == date, "a date that was printed is the same", printed, text);
}

void check_retry(std::string_view text, Seconds now) {
  const auto pause = retry_after({{"Retry-After", std::string(text)}}, now);
  if (!pause) return;
  require(*pause >= Seconds{0} && *pause <= kLongest, "a pause is within bounds", text);
  const bool digits = text.find_first_not_of(" \t0123456789") == text.npos;
  require(digits || read_http_date(text, now), "a pause is a number or a date", text);
}

void check_delta(std::string_view text) {
  const auto seconds = read_delta_seconds(text);
  const bool digits = !text.empty() && text.find_first_not_of("0123456789") == text.npos;
  require(seconds.has_value() == digits, "seconds are digits alone", text);
  if (!seconds) return;
  require(*seconds >= Seconds{0} && *seconds <= kLongest, "seconds are within bounds", text);
  if (*seconds < kLongest)
    require(text.ends_with(std::to_string(seconds->count())), "seconds are what the digits say", text);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto input = fuzz::text_of(data, size);
  const auto middle = std::min(input.find('\n'), input.size());
  const auto text = input.substr(std::min(middle + 1, input.size()));
  Seconds::rep clock = 0;
  std::from_chars(input.data(), input.data() + middle, clock);
  const Seconds now{std::clamp<Seconds::rep>(clock, 0, 16'725'225'600)};  // to the year 2500
  check_date(text, now);
  check_retry(text, now);
  check_delta(text);
  return 0;
}
