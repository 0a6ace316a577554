#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

// What each target defines: libFuzzer calls it with inputs of its own making, replay.cpp with the corpus.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace iso::fuzz {

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// Stops the run, so that the input is kept, when a property does not hold. `seen` and `wanted` help whoever
// reads about it.
inline void require(bool holds, std::string_view property, std::string_view seen = {},
                    std::string_view wanted = {}) {
  if (holds) return;
  const auto show = [](const char* label, std::string_view text) {
    std::fprintf(stderr, "%s%s\n", label, std::string(text).c_str());
  };
  show("does not hold: ", property);
  if (!seen.empty() || !wanted.empty()) {
    show("  seen:   ", seen);
    show("  wanted: ", wanted);
  }
  std::abort();
}

}  // namespace iso::fuzz
