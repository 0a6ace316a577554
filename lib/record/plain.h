#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace iso {

// May precede a text in UTF-8, and is not part of it.
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

// Whether a JSON string may contain the byte without an escape; true for bytes beyond ASCII too.
inline bool is_plain(char c) {
  return static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\';
}

inline bool is_ascii(char c) {
  return static_cast<unsigned char>(c) < 0x80;
}

// Masks over words of eight bytes. The high bit is set in the first byte that matches; bits above it may be
// wrong, because a borrow propagates upwards, so only the lowest set bit counts.
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

// The first byte at or after `at` that is not part of the run, or `end`. `mask` (for a word) and `goes_on`
// (for a byte) must agree.
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
