#pragma once

#include <cstddef>

namespace iso::cli {

// The size of the terminal that `fd` is; `otherwise` if it is none, or does not say.
std::size_t terminal_columns(int fd, std::size_t otherwise);
std::size_t terminal_lines(int fd, std::size_t otherwise);

}  // namespace iso::cli
