#include "cli/shared/terminal_size.h"

#include <sys/ioctl.h>

namespace iso::cli {
namespace {

// All 0 if it is not known.
winsize size_of(int fd) {
  winsize size{};
  if (ioctl(fd, TIOCGWINSZ, &size) != 0) return {};
  return size;
}

}  // namespace

std::size_t terminal_columns(int fd, std::size_t otherwise) {
  const std::size_t columns = size_of(fd).ws_col;
  return columns != 0 ? columns : otherwise;
}

std::size_t terminal_lines(int fd, std::size_t otherwise) {
  const std::size_t lines = size_of(fd).ws_row;
  return lines != 0 ? lines : otherwise;
}

}  // namespace iso::cli
