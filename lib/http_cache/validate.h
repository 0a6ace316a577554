#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "http_cache/policy.h"

namespace iso::http_cache {

// Entity tags, conditional requests, and how a 304 updates a stored response (RFC 9110 sections 8.8.3 and 13;
// RFC 9111 section 4.3).

// Weak comparison, which ignores W/ (RFC 9110 section 8.8.3.2). Tags without quotes are compared byte for
// byte.
bool weakly_equal(std::string_view a, std::string_view b);
// Strong comparison: equal, and neither is weak or malformed.
bool strongly_equal(std::string_view a, std::string_view b);

// The conditions that validate a stored response: its validators, byte for byte (RFC 9111 section 4.3.1).
// None for a status that a 304 cannot stand for.
http::Fields conditions_for(const http::Response& stored);

// The tags of all complete stored responses for a URL when none fits the request, so that the origin can
// select one. Leaves out encoded responses: some origins use one tag for all codings, and the user may not be
// able to decode the body.
http::Fields variant_conditions(std::span<const Stored> stored);

// Whether the user's request has If-None-Match or If-Modified-Since.
bool has_own_condition(const http::Request& request);
// Whether the validators of the stored response meet these conditions too, so that a 304 applies to both.
bool covers(const http::Request& request, const http::Response& stored);
// Whether the user's own condition leads to a 304 for a stored response that is still valid (RFC 9111 section
// 4.3.2).
bool is_unmodified(const http::Request& request, const http::Response& stored, const http::Times& times);

// The index of the stored response that a 304 confirms (RFC 9111 section 4.3.4). `chosen` is the one whose
// validators were sent; without it, those of all variants were. Nothing if it is not certain.
std::optional<std::size_t> named_by(const http::Response& answer, std::span<const Stored> stored,
                                    std::optional<std::size_t> chosen);

// The response as it is stored: without connection fields (RFC 9111 section 3.1), and with a Date (RFC 9110
// section 6.6.1).
http::Response as_stored(const http::Response& response, http::Seconds received);

// The stored response updated with the fields of a 304, or of a 200 to HEAD (RFC 9111 sections 3.2 and
// 4.3.5). Fields that describe the stored body are kept: Content-Length, Content-Encoding, Content-Range.
http::Response freshened(const http::Response& stored, const http::Response& answer, http::Seconds received);

// Whether a 200 to HEAD describes the same body as the stored response (RFC 9111 section 4.3.5).
bool same_as_head(const Stored& stored, const http::Response& head);

}  // namespace iso::http_cache
