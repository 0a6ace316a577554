#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "http_cache/policy.h"

namespace iso::http_cache {

// Range requests (RFC 9110 section 14). Also defines partial() of policy.h.

// What a request's Range means for a stored response.
struct Ranged {
  bool not_ours =
      false;  // only the origin can answer: several ranges, a unit other than bytes, or an encoded body
  std::optional<Part> part;  // empty: beyond the end of the body. Nothing: serve the whole response
};

// `stored` is a complete response. Ignores an invalid range, and one whose If-Range names another
// representation (RFC 9110 sections 13.1.5 and 14.2).
Ranged range_of(const http::Request& request, const Stored& stored);

// Where the requested range lies in the body of a stored 206, if the body contains all of it. Needs a strong
// tag, which shows that both belong to one representation (RFC 9111 section 3.4).
std::optional<Part> part_within(const http::Request& request, const Stored& stored);

// Whether If-Range, if present, names this response: by a strong tag, or by a modification date at least a
// minute before the response's Date (RFC 9110 sections 8.8.2.2 and 13.1.5).
bool if_range_holds(const http::Request& request, const http::Response& response, const http::Times& times);

struct ContentRange {
  std::uint64_t first = 0, last = 0;
  std::optional<std::uint64_t> complete;  // nothing for *
};
// Reads "bytes 5-9/10" (RFC 9110 section 14.4). Nothing if the unit is another one or the values contradict
// each other.
std::optional<ContentRange> read_content_range(std::string_view text);

// The fields that request the rest of a body that was cut off after `got` bytes. Nothing if it has to be
// requested from the start, since only a strong tag shows that the rest belongs to the same body (RFC 9110
// section 13.1.5).
std::optional<http::Fields> resume_fields(const http::Response& begun, std::uint64_t got);

enum class Resumed {
  continues,  // append the body to the `got` bytes
  restarts,   // a complete body: discard the `got` bytes
  unusable,   // neither: request it again without these fields
};
Resumed resumed(const http::Response& begun, std::uint64_t got, const http::Response& answer);

}  // namespace iso::http_cache
