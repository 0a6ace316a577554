#pragma once

#include <cstddef>
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

// ASCII only, as the names of protocols are.
std::string lowered(std::string_view text);
bool equal_without_case(std::string_view one, std::string_view other);

// Without the spaces and tabs around it (RFC 9110 section 5.6.3).
std::string_view trimmed(std::string_view text);

// `text`, or where it is longer than `most` bytes, its start: at most that many, no UTF-8 character cut in
// half, and "…" behind it.
std::string shortened(std::string_view text, std::size_t most);

}  // namespace iso
