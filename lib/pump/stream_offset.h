#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

namespace iso {

// Where reading a stream begins. Only a number is exact: a time is that of a chunk, so a little older
// messages may come.
struct StreamOffset {
  enum class From { first, last, next, number, time };
  From from = From::first;
  std::uint64_t value = 0;  // of a number; of a time in seconds since the epoch

  bool operator==(const StreamOffset&) const = default;
};

// "first", "last" (the last message that is there), "next" (what comes from now on), an offset, a time as
// RFC 3339 writes it, or a duration with its unit, before `now`, which counts from the epoch. Throws
// ErrorKind::usage with what was given.
StreamOffset read_offset(std::string_view text, std::chrono::milliseconds now);

}  // namespace iso
