#pragma once

#include <cstddef>

namespace iso {

// The length in bytes of the UTF-8 character at `at` (before `end`): 1 to 4; 0 if no character starts there.
// A length of more than `end - at` means that the character is not complete. RFC 3629 section 4.
std::size_t utf8_length(const char* at, const char* end);

}  // namespace iso
