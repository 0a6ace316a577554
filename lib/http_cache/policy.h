#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "http/message.h"

namespace iso::http_cache {

// The decisions of a private HTTP cache (RFC 9111, RFC 9110, RFC 5861), from header fields and clocks only.

// A stored response for a URL; there is one per variant.
struct Stored {
  http::Response response;
  http::Fields selecting;  // the request fields that its Vary names, from selecting_fields()
  http::Times times;
  std::uint64_t length = 0;  // of its body, in bytes
};

// A range of bytes of a stored body.
struct Part {
  std::uint64_t first = 0, length = 0;
  bool operator==(const Part&) const = default;
};

// What the user allows beyond, or forbids besides, what the origin says.
struct CachePolicy {
  bool offline = false;   // use only the cache; stale responses are allowed unless the origin forbids it
  bool refresh = false;   // validate or fetch even if a response is fresh
  bool heuristic = true;  // guess a lifetime if the origin gives none
  std::optional<http::Seconds> max_stale;  // --max-stale
};

enum class Step {
  serve,                // serve the stored response
  serve_then_validate,  // serve the stored response, then validate it in the background (RFC 5861 section 3)
  not_modified,         // answer the user's own condition with a 304 from the stored response
  validate,             // send the request with `conditions`
  fetch,                // send the request as the user made it
  gateway_timeout,      // only the cache may be used and it has no usable response: 504 (RFC 9111
                        // section 5.2.1.7)
};

struct Plan {
  Step step = Step::fetch;
  std::size_t chosen = 0;  // index of the stored response to serve or validate
  bool has_chosen = false;
  http::Fields conditions;  // to add to the user's fields; not sent again after Conclusion::repeat
  http::Seconds age{0};     // of the chosen response, now
  bool stale = false;       // whether the chosen response is stale
  // The part of the chosen response's body to serve, if it is served; see partial().
  std::optional<Part> part;
};

// Decides what to do with a request, given the stored responses for its URL.
Plan plan(const http::Request& request, std::span<const Stored> stored, const CachePolicy& reuse,
          http::Seconds now);

enum class Conclusion {
  pass,     // deliver the response, store nothing
  store,    // deliver the response and store it, with the fields in `merged`
  freshen,  // a 304, or a HEAD, for a stored response: deliver that with the fields in `merged`, and store
            // them
  serve_stale,  // no response, or an error, and stale-if-error or the user allows the stored response
  repeat,  // a 304 that matches nothing stored: send the request again without the plan's conditions, and
           // decide on that response with the plan's step set to fetch
};

struct ResponseDecision {
  Conclusion conclusion = Conclusion::pass;
  std::size_t chosen = 0;  // freshen, serve_stale: index of the stored response
  // What to store. store: the response without connection fields (RFC 9111 section 3.1). freshen: the stored
  // response with the fields of the 304 (section 3.2), to be stored with the body of the chosen one and with
  // selecting_fields(request, merged): replacing it if these are the same, otherwise as another variant.
  http::Response merged;
  bool only_deliver = false;  // freshen: the 304 has no-store, so store nothing
  bool not_modified = false;  // freshen: the user's own condition holds, so deliver not_modified(merged)
  // An unsafe method has changed the resource (RFC 9111 section 4.4): remove the stored responses of its URL
  // and of these other URLs of the same origin, before storing the response.
  bool invalidates = false;
  std::vector<std::string> also_invalid;
};

// Decides what to do with the response to the request that `plan` sent; `answer` is null if there is none.
ResponseDecision decide_response(const http::Request& request, const Plan& plan,
                                 std::span<const Stored> stored, const http::Response* answer,
                                 const http::Times& times, const CachePolicy& reuse, http::Seconds now);

// The request fields that the response's Vary names, normalized for comparison.
http::Fields selecting_fields(const http::Request& request, const http::Response& response);

// The header of a response served from the cache: Age is set, fields named by a qualified no-cache are
// removed, and all others are as stored (RFC 9111 sections 4, 5.1, 5.2.2.4).
http::Response reused(const Stored& stored, http::Seconds now);

// The 206 for a part of a body of `length` bytes, or the 416 if the part is empty (RFC 9110 sections 15.3.7
// and 15.5.17). `whole` is the response that would be served otherwise: reused(), or the merged one. The body
// of a stored 206 is the part of the representation that its Content-Range names.
http::Response partial(const http::Response& whole, std::uint64_t length, const Part& part);

// The 304 to send instead of `whole` (RFC 9110 section 15.4.5), without a body.
http::Response not_modified(const http::Response& whole);

}  // namespace iso::http_cache
