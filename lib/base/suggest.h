#pragma once

#include <span>
#include <string_view>

namespace iso {

// The known name with the smallest edit distance to `word` (swapping two neighbours is one edit), or "" if
// every distance is more than a third of the word's length (and more than one).
std::string_view nearest(std::string_view word, std::span<const std::string_view> known);

}  // namespace iso
