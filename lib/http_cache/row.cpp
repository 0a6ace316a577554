#define XXH_INLINE_ALL
#include "http_cache/row.h"

#include <algorithm>
#include <fmt/core.h>
#include <xxhash.h>

namespace iso::http_cache {

std::string written_fields(const http::Fields& fields) {
  std::string bytes;
  for (const auto& field : fields) bytes.append(field.name).append(": ").append(field.value).append("\n");
  return bytes;
}

http::Fields read_fields(std::string_view bytes) {
  http::Fields fields;
  while (!bytes.empty()) {
    const auto end = std::min(bytes.find('\n'), bytes.size());
    const auto line = bytes.substr(0, end);
    if (const auto colon = line.find(": "); colon != line.npos)
      fields.add(line.substr(0, colon), line.substr(colon + 2));
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
  }
  return fields;
}

std::string row_hash(std::string_view url, const Stored& stored, std::string_view body) {
  const std::string head =
      fmt::format("{}\n{} {} {}\n{}\n{}\n", url, stored.response.status, stored.times.request.count(),
                  stored.times.response.count(), written_fields(stored.selecting),
                  written_fields(stored.response.fields));
  const XXH128_hash_t of_head = XXH3_128bits(head.data(), head.size());
  const XXH128_hash_t of_all =
      XXH3_128bits_withSeed(body.data(), body.size(), of_head.low64 ^ of_head.high64);
  XXH128_canonical_t bytes;
  XXH128_canonicalFromHash(&bytes, of_all);
  return {reinterpret_cast<const char*>(bytes.digest), sizeof bytes.digest};
}

}  // namespace iso::http_cache
