#define XXH_INLINE_ALL
#include "base/hash.h"

#include <fmt/core.h>
#include <xxhash.h>

namespace iso {

std::uint64_t hash64(std::string_view bytes) {
  return XXH3_64bits(bytes.data(), bytes.size());
}

std::string hash128(std::string_view bytes) {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits(bytes.data(), bytes.size()));
  return {reinterpret_cast<const char*>(canonical.digest), sizeof canonical.digest};
}

std::string hash_text(std::string_view bytes) {
  std::string text;
  for (const char byte : hash128(bytes)) text += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return text;
}

}  // namespace iso
