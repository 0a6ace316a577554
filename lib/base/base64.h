#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace iso {

// RFC 4648 section 4: the standard alphabet, padded, no line breaks.
void append_base64(std::string& out, std::string_view bytes);

// Nothing if it is not base64. Missing padding is allowed; other characters are not.
std::optional<std::string> read_base64(std::string_view text);

}  // namespace iso
