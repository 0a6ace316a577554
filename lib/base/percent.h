#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace iso {

// Percent-encoding (RFC 3986 section 2.1).

// Each %XX as the byte it stands for. Nothing if a % is not followed by two hex digits.
std::optional<std::string> percent_decoded(std::string_view text);

// One byte as %XX.
void append_percent_encoded(std::string& out, char byte);

}  // namespace iso
