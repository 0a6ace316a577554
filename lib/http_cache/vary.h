#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "http_cache/policy.h"

namespace iso::http_cache {

// Selects among the stored responses of one URL (RFC 9111 section 4.1). Also defines selecting_fields() of
// policy.h.

// Normalizes the value of a request field, with its lines joined, so that equivalent values are equal:
// removes spaces beside commas; in Accept, Accept-Charset, Accept-Encoding and Accept-Language also the
// differences in order, case and the form of q.
std::string normalised(std::string_view name, std::string_view value);

// The index of the stored response that may answer the request: the most recent that fits. One without Vary
// fits only if none with Vary is more recent. One with Vary: * never fits, nor does a 206 with another Range.
std::optional<std::size_t> choose(const http::Request& request, std::span<const Stored> stored);

// Whether the response has Vary: *.
bool varies_on_all(const http::Response& response);

}  // namespace iso::http_cache
