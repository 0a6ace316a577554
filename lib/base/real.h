#pragma once

#include <charconv>
#include <string_view>

namespace iso {

// The real number that `text` begins with, as std::from_chars reads it in its general form, whatever the
// locale. What it returns is the same too: the end of the number, and an error if there is none or it is out
// of range. libc++ has had std::from_chars for reals only since its version 20.
std::from_chars_result read_real(std::string_view text, double& value);
std::from_chars_result read_real(std::string_view text, float& value);

}  // namespace iso
