#include "record/time.h"

#include <chrono>

#include "base/integer.h"

namespace iso {
namespace {

using std::chrono::milliseconds;

// The range that a year of four digits can express, in UTC.
constexpr milliseconds kFirst{-62'167'219'200'000}, kLast{253'402'300'799'999};

// Takes exactly `digits` digits off the front; false if they are not there.
bool take_number(std::string_view& text, std::size_t digits, int& number) {
  if (text.size() < digits || !is_digits(text.substr(0, digits))) return false;
  number = read_integer<int>(text.substr(0, digits)).value_or(0);
  text.remove_prefix(digits);
  return true;
}

bool take(std::string_view& text, std::string_view any) {
  if (text.empty() || any.find(text.front()) == any.npos) return false;
  text.remove_prefix(1);
  return true;
}

int take_fraction(std::string_view& text) {
  int thousandths = 0, weight = 100;
  for (; !text.empty() && text.front() >= '0' && text.front() <= '9'; text.remove_prefix(1), weight /= 10)
    thousandths += (text.front() - '0') * weight;
  return thousandths;
}

std::optional<std::chrono::minutes> take_offset(std::string_view& text) {
  if (take(text, "Zz")) return std::chrono::minutes{0};
  const bool west = text.starts_with('-');
  int hours = 0, minutes = 0;
  if (!take(text, "+-") || !take_number(text, 2, hours) || !take(text, ":") ||
      !take_number(text, 2, minutes) || hours > 23 || minutes > 59)
    return std::nullopt;
  const std::chrono::minutes offset = std::chrono::hours(hours) + std::chrono::minutes(minutes);
  return west ? -offset : offset;
}

// The last `width` digits, and what follows them.
void append_digits(std::string& out, int number, std::size_t width, char then) {
  out.append(width, '0');
  for (std::size_t at = out.size(); width > 0; --width, number /= 10)
    out[--at] = static_cast<char>('0' + number % 10);
  out += then;
}

}  // namespace

std::optional<std::int64_t> read_rfc3339(std::string_view text) {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, fraction = 0;
  if (!take_number(text, 4, year) || !take(text, "-") || !take_number(text, 2, month) || !take(text, "-") ||
      !take_number(text, 2, day) || !take(text, "Tt ") || !take_number(text, 2, hour) || !take(text, ":") ||
      !take_number(text, 2, minute) || !take(text, ":") || !take_number(text, 2, second))
    return std::nullopt;
  if (take(text, ".")) {
    if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
    fraction = take_fraction(text);
  }
  const auto offset = take_offset(text);
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!offset || !text.empty() || !date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  const auto moment = std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
                      std::chrono::seconds(second) + milliseconds(fraction) - *offset;
  const auto when = std::chrono::duration_cast<milliseconds>(moment.time_since_epoch());
  return when >= kFirst && when <= kLast ? std::optional(when.count()) : std::nullopt;
}

// Written by hand for speed: every record that listen prints has one.
void append_rfc3339(std::string& out, std::int64_t when) {
  const std::chrono::sys_time<milliseconds> moment{milliseconds(when)};
  const auto days = std::chrono::floor<std::chrono::days>(moment);
  const std::chrono::year_month_day date{days};
  const std::chrono::hh_mm_ss time{moment - days};
  append_digits(out, static_cast<int>(date.year()), 4, '-');
  append_digits(out, static_cast<int>(static_cast<unsigned>(date.month())), 2, '-');
  append_digits(out, static_cast<int>(static_cast<unsigned>(date.day())), 2, 'T');
  append_digits(out, static_cast<int>(time.hours().count()), 2, ':');
  append_digits(out, static_cast<int>(time.minutes().count()), 2, ':');
  append_digits(out, static_cast<int>(time.seconds().count()), 2, '.');
  append_digits(out, static_cast<int>(time.subseconds().count()), 3, 'Z');
}

}  // namespace iso
