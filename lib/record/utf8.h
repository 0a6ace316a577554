#pragma once

#include <cstddef>

namespace iso {

// The length in bytes of the UTF-8 character at `at`, which is before `end`: 1 to 4; 0 if no character starts
// there. More than `end - at` says that the bytes so far are the start of a character. RFC 3629 section 4.
std::size_t utf8_length(const char* at, const char* end);

}  // namespace iso
