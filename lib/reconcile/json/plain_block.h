#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "record/plain.h"

namespace iso::reconcile {

// The next 16 bytes of a JSON string as far as they stand for themselves: those from the first on that does
// not are zero.
struct PlainBlock {
  static constexpr std::size_t kBytes = 16;

  std::uint64_t first = 0, second = 0;
  std::size_t size = 0;            // how many stand for themselves
  std::uint64_t beyond_ascii = 0;  // not 0: some of them are

  bool is_whole() const { return size == kBytes; }

  // Of `count` bytes that all do, kBytes at most.
  static PlainBlock of(const char* at, std::size_t count) {
    PlainBlock block;
    block.size = count;
    std::memcpy(&block.first, at, std::min<std::size_t>(count, 8));
    if (count > 8) std::memcpy(&block.second, at + 8, count - 8);
    block.beyond_ascii = mask_not_ascii(block.first | block.second);
    return block;
  }
};

#ifdef __SSE2__

// Keeps the first `size` bytes of 16.
inline constexpr unsigned char kKeep[2 * PlainBlock::kBytes] = {
    0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};

inline PlainBlock plain_block(const char* at) {
  const auto load = [](const void* from) { return _mm_loadu_si128(static_cast<const __m128i*>(from)); };
  __m128i bytes = load(at);
  const __m128i last_control = _mm_set1_epi8(0x1F);
  const __m128i control = _mm_cmpeq_epi8(_mm_max_epu8(bytes, last_control), last_control);
  const __m128i quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
  const __m128i escape = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
  const int stops = _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quote, escape), control));
  PlainBlock block;
  block.size = static_cast<std::size_t>(std::countr_zero(static_cast<unsigned>(stops) | 1U << 16));
  bytes = _mm_and_si128(bytes, load(kKeep + PlainBlock::kBytes - block.size));
  block.beyond_ascii = static_cast<unsigned>(_mm_movemask_epi8(bytes));
  block.first = static_cast<std::uint64_t>(_mm_cvtsi128_si64(bytes));
  block.second = static_cast<std::uint64_t>(_mm_cvtsi128_si64(_mm_unpackhi_epi64(bytes, bytes)));
  return block;
}

#else

inline PlainBlock plain_block(const char* at) {
  std::size_t count = 0;
  while (count < PlainBlock::kBytes && is_plain(at[count])) ++count;
  return PlainBlock::of(at, count);
}

#endif

}  // namespace iso::reconcile
