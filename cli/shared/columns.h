#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace iso::cli {

// Makes `text` safe for a terminal: control characters, characters that change the direction of writing and
// bytes that are not UTF-8 become escapes (\n, \u001b, \xff); nothing else changes. The functions below take
// such a text.
std::string escape_for_terminal(std::string_view text);

// Its width on a terminal, in columns: two for wide East Asian characters and emoji, none for combining
// marks.
std::size_t columns_of(std::string_view tamed);

// As much of it as fits into this many columns, with … in place of the rest. Cuts neither between a character
// and its marks nor within an escape.
std::string cut_end(std::string_view tamed, std::size_t columns);
std::string cut_start(std::string_view tamed, std::size_t columns);

// Takes off `tamed` what fits into this many columns, at least one character.
std::string_view take_columns(std::string_view& tamed, std::size_t columns);

// The width of their common prefix.
std::size_t common_columns(std::string_view one, std::string_view other);

}  // namespace iso::cli
