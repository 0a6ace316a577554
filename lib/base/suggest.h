#pragma once

#include <span>
#include <string_view>

namespace iso {

// The known name nearest to `word` by edits (a swap of neighbours is one), or "" if none is near enough to be
// meant: at most a third of the word's length, at least one.
std::string_view nearest(std::string_view word, std::span<const std::string_view> known);

}  // namespace iso
