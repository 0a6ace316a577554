#pragma once

#include <string>
#include <string_view>

#include "http_cache/policy.h"

namespace iso::http_cache {

// Header fields as bytes of a row: "name: value" lines, each ended by a line break, which no field can hold.
std::string written_fields(const http::Fields& fields);
http::Fields read_fields(std::string_view bytes);

// Of 16 bytes, over all that an entry says. SQLite has no page checksums, and a body that is not its
// validator's would be served for ever.
std::string row_hash(std::string_view url, const Stored& stored, std::string_view body);

}  // namespace iso::http_cache
