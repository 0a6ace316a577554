#pragma once

#include "http_cache/policy.h"

namespace iso::http_cache {

// The response's Date, or its arrival time if Date is missing or invalid (RFC 9110 section 6.6.1).
http::Seconds date_of(const http::Response& response, const http::Times& times);

// Whether a private cache may store the response, judging by its header (RFC 9111 section 3). Only for GET,
// and for a POST with status 200 and an explicit lifetime. The caller checks that the POST's Content-Location
// is the request's URL (RFC 9110 section 9.3.3).
bool may_store(const http::Request& request, const http::Response& response);

// How long a response is fresh, from its Date; never negative (RFC 9111 section 4.2.1). With `heuristic`, a
// response without an explicit lifetime is fresh for a tenth of the time since its last modification, at most
// a day (section 4.2.2).
http::Seconds freshness_lifetime(const http::Response& response, const http::Times& times, bool heuristic);

// The current age (RFC 9111 section 4.2.3); never negative.
http::Seconds current_age(const http::Response& response, const http::Times& times, http::Seconds now);

// How long the response has been stale: negative while it is fresh, 0 in its first stale second.
// Seconds::max() if the clock was set back since it arrived, so that its age is unknown.
http::Seconds staleness(const Stored& stored, bool heuristic, http::Seconds now);

}  // namespace iso::http_cache
