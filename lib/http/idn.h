#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

namespace iso::http {

inline bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// The ASCII form of a UTF-8 host name: "bücher.example" is xn--bcher-kva.example (RFC 5891, by libidn2,
// independent of the locale). Nothing if the name is invalid or the library is missing.
std::optional<std::string> ascii_host(const std::string& host);

}  // namespace iso::http
