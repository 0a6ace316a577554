#include "http/date.h"

#include <algorithm>
#include <array>
#include <fmt/core.h>

#include "http/fields.h"

namespace iso::http {
namespace {

constexpr std::array<std::string_view, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 7> kLongDays{"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                    "Thursday", "Friday", "Saturday"};
constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// The parts of a date as written.
struct Parts {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
};

// Consumes a string from the front. Each function returns false if the string does not go on as expected.
class Steps {
 public:
  explicit Steps(std::string_view text) : rest_(text) {}

  bool text(std::string_view wanted) {
    if (!equal_without_case(rest_.substr(0, wanted.size()), wanted)) return false;
    rest_.remove_prefix(wanted.size());
    return true;
  }
  template <std::size_t N>
  bool one_of(const std::array<std::string_view, N>& names, int* number = nullptr) {
    for (std::size_t i = 0; i < N; ++i) {
      if (!text(names[i])) continue;
      if (number) *number = static_cast<int>(i) + 1;
      return true;
    }
    return false;
  }
  bool digits(std::size_t count, int& number) {
    if (rest_.size() < count) return false;
    number = 0;
    for (const char c : rest_.substr(0, count)) {
      if (c < '0' || c > '9') return false;
      number = number * 10 + (c - '0');
    }
    rest_.remove_prefix(count);
    return true;
  }
  bool time(Parts& parts) {
    return digits(2, parts.hour) && text(":") && digits(2, parts.minute) && text(":") &&
           digits(2, parts.second);
  }
  bool end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

bool read_imf(Steps at, Parts& parts) {
  return at.one_of(kDays) && at.text(", ") && at.digits(2, parts.day) && at.text(" ") &&
         at.one_of(kMonths, &parts.month) && at.text(" ") && at.digits(4, parts.year) && at.text(" ") &&
         at.time(parts) && at.text(" GMT") && at.end();
}

bool read_850(Steps at, Parts& parts) {
  return at.one_of(kLongDays) && at.text(", ") && at.digits(2, parts.day) && at.text("-") &&
         at.one_of(kMonths, &parts.month) && at.text("-") && at.digits(2, parts.year) && at.text(" ") &&
         at.time(parts) && at.text(" GMT") && at.end();
}

bool read_asctime(Steps at, Parts& parts) {
  return at.one_of(kDays) && at.text(" ") && at.one_of(kMonths, &parts.month) && at.text(" ") &&
         (at.text(" ") ? at.digits(1, parts.day) : at.digits(2, parts.day)) && at.text(" ") &&
         at.time(parts) && at.text(" ") && at.digits(4, parts.year) && at.end();
}

std::optional<Seconds> seconds_of(const Parts& parts) {
  using namespace std::chrono;
  const year_month_day date{year{parts.year}, month{static_cast<unsigned>(parts.month)},
                            day{static_cast<unsigned>(parts.day)}};
  // 60: a leap second.
  if (!date.ok() || parts.hour > 23 || parts.minute > 59 || parts.second > 60) return std::nullopt;
  return sys_days{date}.time_since_epoch() + hours{parts.hour} + minutes{parts.minute} +
         seconds{parts.second};
}

// Resolves a two-digit year to the last one at most 50 years in the future.
std::optional<Seconds> placed(Parts parts, Seconds now) {
  using namespace std::chrono;
  const int this_year = static_cast<int>(year_month_day{sys_days{floor<days>(now)}}.year());
  parts.year += (this_year / 100 + 1) * 100;
  for (int tries = 0; tries < 3; ++tries, parts.year -= 100) {
    const auto time = seconds_of(parts);
    if (time && *time <= now + years{50}) return time;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Seconds> read_http_date(std::string_view text, Seconds now) {
  const Steps at(trimmed(text));
  Parts parts;
  if (read_imf(at, parts)) return seconds_of(parts);
  if (read_850(at, parts)) return placed(parts, now);
  if (read_asctime(at, parts)) return seconds_of(parts);
  return std::nullopt;
}

std::string http_date(Seconds time) {
  using namespace std::chrono;
  const auto midnight = floor<days>(time);
  const year_month_day date{sys_days{midnight}};
  const hh_mm_ss clock{time - midnight};
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
                     kDays[weekday{sys_days{midnight}}.c_encoding()], static_cast<unsigned>(date.day()),
                     kMonths[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

std::optional<Seconds> read_delta_seconds(std::string_view text) {
  if (text.empty()) return std::nullopt;
  Seconds::rep number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    number = std::min<Seconds::rep>(number * 10 + (c - '0'), kLongest.count());
  }
  return Seconds{number};
}

}  // namespace iso::http
