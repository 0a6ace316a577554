#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

namespace iso::http {

inline bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// A host's name in UTF-8 as the DNS knows it: "bücher.example" is xn--bcher-kva.example (RFC 5891, by
// libidn2, whatever the locale). Nothing if it is no such name, or the library is missing.
std::optional<std::string> ascii_host(const std::string& host);

}  // namespace iso::http
