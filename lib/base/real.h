#pragma once

#include <charconv>
#include <string_view>

namespace iso {

// Reads the real number at the start of `text` as std::from_chars does (general format, no locale), with the
// same result: the end of the number, and an error if there is none or it is out of range. For libc++ before
// version 20, which has no std::from_chars for floating-point types.
std::from_chars_result read_real(std::string_view text, double& value);
std::from_chars_result read_real(std::string_view text, float& value);

}  // namespace iso
