#include "cli/shared/people.h"

#include <algorithm>
#include <cerrno>
#include <string>
#include <unistd.h>

#include "base/secrets.h"
#include "cli/shared/columns.h"

namespace iso::cli {
namespace {

constexpr std::string_view kPlain = "\033[0m", kIndent = "  ";

std::string presentable(std::string_view text) {
  const std::string masked = without_secrets(text);
  std::string out;
  for (std::string_view rest = masked; !rest.empty();) {
    const auto end = std::min(rest.find('\n'), rest.size());
    const auto line = rest.substr(0, end);
    if (!out.empty()) {
      out += '\n';
      if (!line.starts_with(kIndent)) out += kIndent;
    }
    out += escape_for_terminal(line);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return out;
}

}  // namespace

void write_to_people(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t wrote = write(STDERR_FILENO, bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return;  // nobody is left to tell
    bytes.remove_prefix(static_cast<std::size_t>(wrote));
  }
}

void tell_people(std::string_view label, std::string_view text, std::string_view color) {
  std::string line(color);
  line += label;
  line += ": ";
  line += presentable(text);
  if (!color.empty()) line += kPlain;
  write_to_people(line += '\n');
}

}  // namespace iso::cli
