#pragma once

#include <string>
#include <string_view>

#include "http_cache/policy.h"

namespace iso::http_cache {

// Serializes header fields as "name: value" lines, each ended by a line break, which no field can contain.
std::string written_fields(const http::Fields& fields);
http::Fields read_fields(std::string_view bytes);

// A 16-byte hash over everything in an entry. SQLite has no page checksums, and a damaged body would be
// served as long as its validator holds.
std::string row_hash(std::string_view url, const Stored& stored, std::string_view body);

}  // namespace iso::http_cache
