#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "http_cache/policy.h"

namespace iso::http_cache {

// Entity tags, conditions and what a 304 does to a stored response (RFC 9110 section 8.8.3, 13; RFC 9111
// section 4.3).

// Equal but for W/ (RFC 9110 section 8.8.3.2). Tags that lack their quotes are compared byte for byte.
bool weakly_equal(std::string_view a, std::string_view b);
// Equal, and neither is weak nor malformed.
bool strongly_equal(std::string_view a, std::string_view b);

// The conditions that ask whether the stored response still holds: its validators byte for byte (RFC 9111
// section 4.3.1). None for a status that a 304 cannot stand for.
http::Fields conditions_for(const http::Response& stored);

// The tags of all whole stored responses of a URL, none of which fits the request: the origin may name one.
// Not of encoded ones: some origins give one tag to all codings, and who asks may not be able to decode it.
http::Fields variant_conditions(std::span<const Stored> stored);

// Whether the request brings If-None-Match or If-Modified-Since of its own.
bool has_own_condition(const http::Request& request);
// Whether these are also met by the validators of the stored response, so that a 304 speaks of both.
bool covers(const http::Request& request, const http::Response& stored);
// Whether the user's own condition makes a 304 of a stored response that holds (RFC 9111 section 4.3.2).
bool is_unmodified(const http::Request& request, const http::Response& stored, const http::Times& times);

// Which of the stored responses a 304 says still holds (RFC 9111 section 4.3.4). `chosen` is the one that its
// conditions were made for; without it, they were made for all. Nothing if it cannot be told for certain.
std::optional<std::size_t> named_by(const http::Response& answer, std::span<const Stored> stored,
                                    std::optional<std::size_t> chosen);

// The fields as they are stored: without those of the connection (RFC 9111 section 3.1), and with a Date
// (RFC 9110 section 6.6.1).
http::Response as_stored(const http::Response& response, http::Seconds received);

// The stored response with the fields of a 304, or of a HEAD's 200 (RFC 9111 section 3.2, 4.3.5). What tells
// the length and form of the body that is stored stays: Content-Length, Content-Encoding, Content-Range.
http::Response freshened(const http::Response& stored, const http::Response& answer, http::Seconds received);

// Whether the 200 of a HEAD speaks of the same body as the stored response (RFC 9111 section 4.3.5).
bool same_as_head(const Stored& stored, const http::Response& head);

}  // namespace iso::http_cache
