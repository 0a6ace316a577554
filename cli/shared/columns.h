#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace iso::cli {

// `text` so that it cannot drive a terminal: control characters, those that turn the direction of writing,
// and bytes that are not UTF-8 become escapes (\n, \u001b, \xff), and nothing else changes. What comes out is
// what the functions below take.
std::string escape_for_terminal(std::string_view text);

// The columns that a terminal needs for it: two for wide East Asian characters and emoji, none for marks that
// join the character before.
std::size_t columns_of(std::string_view tamed);

// What of it fits into so many columns, with … for what is gone. Neither a character with its marks nor an
// escape is cut in half.
std::string cut_end(std::string_view tamed, std::size_t columns);
std::string cut_start(std::string_view tamed, std::size_t columns);

// The first part that fits into so many columns, at least one character; it is taken off `tamed`.
std::string_view take_columns(std::string_view& tamed, std::size_t columns);

// The columns of what both start with.
std::size_t common_columns(std::string_view one, std::string_view other);

}  // namespace iso::cli
