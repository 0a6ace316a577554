#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace iso {

// Splits a command line into words as a shell does: at blanks, except within '…' or "…" or after \. Nothing
// else of a shell: variables, patterns and operators have no meaning. Throws Error(ErrorKind::usage) for a
// quote that is not closed, a \ at the end, or no word at all.
std::vector<std::string> split_words(std::string_view line);

}  // namespace iso
