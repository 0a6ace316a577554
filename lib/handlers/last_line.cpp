#include "handlers/last_line.h"

#include <algorithm>

#include "base/text.h"
#include "record/plain.h"
#include "record/scan.h"

namespace iso::handlers {
namespace {

constexpr std::size_t kLongest = 300;  // bytes

}  // namespace

std::string LastLine::text() const {
  std::string_view rest = tail_;
  while (!rest.empty() && is_space(rest.back())) rest.remove_suffix(1);
  rest.remove_prefix(rest.rfind('\n') + 1);  // none: all of it
  std::string line(trimmed(rest));
  if (!is_utf8(line))
    std::replace_if(
        line.begin(), line.end(), [](char c) { return !is_ascii(c); }, '?');
  return shortened(line, kLongest);
}

}  // namespace iso::handlers
