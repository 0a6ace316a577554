#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "http_cache/policy.h"

namespace iso::http_cache {

// Parts of a body (RFC 9110 section 14). partial() of policy.h is here too.

// What a request's Range comes to for a stored response.
struct Ranged {
  bool not_ours = false;     // several ranges, a unit other than bytes, or of an encoded body: the origin's
  std::optional<Part> part;  // empty: it is beyond the end. Nothing: the whole is the answer
};

// `stored` is a whole response. What is no range at all is ignored, as is one whose If-Range names another
// representation (RFC 9110 section 13.1.5, 14.2).
Ranged range_of(const http::Request& request, const Stored& stored);

// Where the range that the request asks for lies within the body of a stored 206, if it is all there: a part
// of one representation, as its strong tag says (RFC 9111 section 3.4).
std::optional<Part> part_within(const http::Request& request, const Stored& stored);

// Whether If-Range, if the request has it, names just this response: by a strong tag, or by a date of
// modification that was a minute old or more when the response was made (RFC 9110 section 8.8.2.2, 13.1.5).
bool if_range_holds(const http::Request& request, const http::Response& response, const http::Times& times);

struct ContentRange {
  std::uint64_t first = 0, last = 0;
  std::optional<std::uint64_t> complete;  // nothing for *
};
// "bytes 5-9/10" (RFC 9110 section 14.4). Nothing for other units and for what contradicts itself.
std::optional<ContentRange> read_content_range(std::string_view text);

// The fields that ask for the rest of a body that broke off after `got` bytes; nothing if it must be asked
// for anew, since only a strong tag can say that the rest is of the same body (RFC 9110 section 13.1.5).
std::optional<http::Fields> resume_fields(const http::Response& begun, std::uint64_t got);

enum class Resumed {
  continues,  // its body goes after the `got` bytes
  restarts,   // a whole body: what was got is void
  unusable,   // neither: ask anew, without these fields
};
Resumed resumed(const http::Response& begun, std::uint64_t got, const http::Response& answer);

}  // namespace iso::http_cache
