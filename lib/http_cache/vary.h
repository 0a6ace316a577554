#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "http_cache/policy.h"

namespace iso::http_cache {

// Choosing among the stored responses of one URL (RFC 9111 section 4.1). selecting_fields() of policy.h is
// here too.

// The value of a request's field, its lines joined, so that what means the same is the same: spaces beside
// commas go; in Accept, Accept-Charset, Accept-Encoding and Accept-Language order, case and the form of q
// go too.
std::string normalised(std::string_view name, std::string_view value);

// Which of the stored responses may answer the request: of those that fit, the most recent. One without Vary
// fits only while none with Vary is more recent than it. One that says Vary: * never fits, and neither does a
// 206 whose Range is not the request's.
std::optional<std::size_t> choose(const http::Request& request, std::span<const Stored> stored);

// Whether the response says Vary: *.
bool varies_on_all(const http::Response& response);

}  // namespace iso::http_cache
