#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace iso {

// A command line cut into words as a shell would cut it, and nothing else of a shell: blanks part words; '…',
// "…" and \ keep them together. No variable, pattern or operator means anything. Throws
// Error(ErrorKind::usage): an open quote, a \ at the end, no word at all.
std::vector<std::string> split_words(std::string_view line);

}  // namespace iso
