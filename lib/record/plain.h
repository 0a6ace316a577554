#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace iso {

// What a text in UTF-8 may start with, and does not belong to it.
inline constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// The white space of RFC 8259 section 2.
inline bool is_space(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

inline bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

inline bool is_hex_digit(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

// What a JSON string holds as it is, apart from bytes beyond ASCII.
inline bool is_plain(char c) {
  return static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\';
}

inline bool is_ascii(char c) {
  return static_cast<unsigned char>(c) < 0x80;
}

// Words of eight bytes. A mask has the high bit set in the first byte that is meant; those above it may be
// set wrongly, since a borrow runs upwards, so only the lowest set bit counts.
inline constexpr std::uint64_t kOnes = 0x0101010101010101;
inline constexpr std::uint64_t kHighs = 0x8080808080808080;

inline std::uint64_t mask_below(std::uint64_t word, unsigned char limit) {
  return (word - kOnes * limit) & ~word & kHighs;
}
inline std::uint64_t mask_equal(std::uint64_t word, char c) {
  return mask_below(word ^ (kOnes * static_cast<unsigned char>(c)), 1);
}
inline std::uint64_t mask_not_ascii(std::uint64_t word) {
  return word & kHighs;
}
inline std::uint64_t mask_not_plain(std::uint64_t word) {
  return mask_below(word, 0x20) | mask_equal(word, '"') | mask_equal(word, '\\');
}

// The first byte that stops the run that starts at `at`, or `end`. `mask` and `goes_on` say the same of a
// word and of a byte.
template <class Mask, class GoesOn>
const char* skip_run(const char* at, const char* end, Mask mask, GoesOn goes_on) {
  if constexpr (std::endian::native == std::endian::little) {
    for (; end - at >= 8; at += 8) {
      std::uint64_t word;
      std::memcpy(&word, at, sizeof word);
      if (const std::uint64_t stops = mask(word); stops != 0) return at + std::countr_zero(stops) / 8;
    }
  }
  while (at != end && goes_on(*at)) ++at;
  return at;
}

}  // namespace iso
