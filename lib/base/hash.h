#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace iso {

// XXH3: fast, and the same on every machine. Not for security: one who chooses the bytes can choose the hash.
std::uint64_t hash64(std::string_view bytes);

// Of 128 bits, as 16 bytes in the canonical order (the most significant first).
std::string hash128(std::string_view bytes);

// The same as 32 hex digits.
std::string hash_text(std::string_view bytes);

}  // namespace iso
