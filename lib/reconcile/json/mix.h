#pragma once

#include <cstdint>

namespace iso::reconcile {

// Both words into one, if nobody knows all bits of either: a zero wipes out the other.
inline std::uint64_t fold(std::uint64_t one, std::uint64_t other) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(one) * other;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

// The same for any words: every bit depends on every bit of both. Not symmetric in use: the caller sets the
// two apart.
inline std::uint64_t mix(std::uint64_t one, std::uint64_t other) {
  return fold(one ^ 0x2d358dccaa6c78a5, other ^ 0x8bb84b93962eacc9);
}

}  // namespace iso::reconcile
