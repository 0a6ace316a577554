#pragma once

#include <string>
#include <string_view>

namespace iso {

// "a, b, c": the texts of a range with `separator` between them.
template <class Texts>
std::string join(const Texts& texts, std::string_view separator) {
  std::string out;
  for (bool first = true; const auto& text : texts) {
    if (!first) out += separator;
    first = false;
    out += text;
  }
  return out;
}

}  // namespace iso
