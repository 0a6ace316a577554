#pragma once

#include "http_cache/policy.h"

namespace iso::http_cache {

// The response's Date, or when it came if it has none that can be read (RFC 9110 section 6.6.1).
http::Seconds date_of(const http::Response& response, const http::Times& times);

// Whether the response may be stored by a private cache, for its header's sake (RFC 9111 section 3). GET and
// POST alone; of POST a 200 with a lifetime of its own, if its Content-Location is also the URL that was
// asked for, which is not looked at here (RFC 9110 section 9.3.3).
bool may_store(const http::Request& request, const http::Response& response);

// How long after it was made a response is fresh; never negative (RFC 9111 section 4.2.1). `heuristic` lets
// it be guessed where the origin says nothing: a tenth of the time since it was modified, a day at most
// (section 4.2.2).
http::Seconds freshness_lifetime(const http::Response& response, const http::Times& times, bool heuristic);

// How old it is now (RFC 9111 section 4.2.3); never negative.
http::Seconds current_age(const http::Response& response, const http::Times& times, http::Seconds now);

// For how long it has been stale: negative while it is fresh, 0 in its first stale second. Seconds::max() if
// the clock was set back since it came, so that its age cannot be known.
http::Seconds staleness(const Stored& stored, bool heuristic, http::Seconds now);

}  // namespace iso::http_cache
