#include "pump/stream_offset.h"

#include <algorithm>
#include <array>
#include <fmt/core.h>
#include <optional>

#include "base/duration.h"
#include "base/error.h"
#include "base/integer.h"
#include "base/suggest.h"
#include "record/time.h"

namespace iso {
namespace {

using From = StreamOffset::From;

constexpr std::array<std::string_view, 3> kWords{"first", "last", "next"};
constexpr std::array kMeanings{From::first, From::last, From::next};

StreamOffset at_time(std::int64_t milliseconds) {
  return {From::time, static_cast<std::uint64_t>(std::max<std::int64_t>(milliseconds, 0) / 1000)};
}

// Nothing: it is not one.
std::optional<std::chrono::milliseconds> duration_of(std::string_view text) {
  if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
  try {
    return parse_duration(text);
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace

StreamOffset read_offset(std::string_view text, std::chrono::milliseconds now) {
  if (const auto* word = std::find(kWords.begin(), kWords.end(), text); word != kWords.end())
    return {kMeanings[static_cast<std::size_t>(word - kWords.begin())], 0};
  if (const auto number = read_integer<std::uint64_t>(text)) return {From::number, *number};
  if (const auto time = read_rfc3339(text)) return at_time(*time);
  if (const auto ago = duration_of(text)) return at_time((now - *ago).count());
  const auto meant = nearest(text, kWords);
  throw Error(
      ErrorKind::usage,
      fmt::format("an offset is first, last, next, a number, a duration such as 1h, or a time such as "
                  "2026-01-31T09:30:00Z; not \"{}\"{}",
                  text, meant.empty() ? "" : fmt::format("; did you mean {}?", meant)));
}

}  // namespace iso
