#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "http/message.h"

namespace iso::http_cache {

// What a private HTTP cache does (RFC 9111, RFC 9110, RFC 5861), decided from header fields and clocks alone.

// A stored response of the URL that is asked for; there are as many as Vary parts.
struct Stored {
  http::Response response;
  http::Fields selecting;  // those fields of its request that its Vary names, as selecting_fields() gave them
  http::Times times;
  std::uint64_t length = 0;  // of its body, in bytes
};

// A run of bytes of a stored body.
struct Part {
  std::uint64_t first = 0, length = 0;
  bool operator==(const Part&) const = default;
};

// How far the user lets go of what the origin said, or does not.
struct CachePolicy {
  bool offline = false;                    // the cache alone; what is stale but not forbidden will do
  bool refresh = false;                    // validate, or fetch, whatever is fresh
  bool heuristic = true;                   // guess a lifetime where the origin gave none
  std::optional<http::Seconds> max_stale;  // --max-stale
};

enum class Step {
  serve,                // the stored response, as it is
  serve_then_validate,  // the stored response, then validate it behind the user's back (RFC 5861 section 3)
  not_modified,         // a 304 for the user's own condition, from the stored response
  validate,             // ask the origin with `conditions`
  fetch,                // ask the origin as the user asked
  gateway_timeout,  // the origin may not be asked and nothing may be served: 504 (RFC 9111 section 5.2.1.7)
};

struct Plan {
  Step step = Step::fetch;
  std::size_t chosen = 0;  // of the stored ones: which is served or validated
  bool has_chosen = false;
  http::Fields conditions;  // to add to the user's fields; left out when the answer is `repeat`
  http::Seconds age{0};     // of the chosen one, now
  bool stale = false;       // the chosen one is
  // All that is handed on of the chosen one's body, should it come to that; see partial().
  std::optional<Part> part;
};

// What to do with a request, given what is stored of its URL.
Plan plan(const http::Request& request, std::span<const Stored> stored, const CachePolicy& reuse,
          http::Seconds now);

enum class Conclusion {
  pass,         // hand the answer on, store nothing
  store,        // hand the answer on and store it, its fields as `merged` has them
  freshen,      // a 304, or a HEAD, for a stored response: hand that on with `merged`, and store these
  serve_stale,  // no answer, or an error, and stale-if-error or the user allows the stored response
  repeat,       // a 304 that fits nothing that is stored: ask once more without the plan's conditions, and
                // conclude that with its step set to fetch
};

struct ResponseDecision {
  Conclusion conclusion = Conclusion::pass;
  std::size_t chosen = 0;  // freshen, serve_stale: which of the stored
  // What to store. store: the answer without the fields that are of its connection (RFC 9111 section 3.1).
  // freshen: the stored response with the fields of the 304 (section 3.2), to be stored with the body of the
  // chosen one and with selecting_fields(request, merged): in its place if these are the same, else beside
  // it.
  http::Response merged;
  bool only_deliver = false;  // freshen: the 304 says no-store, so that nothing of it is kept
  bool not_modified = false;  // freshen: the user's own condition holds, so hand on not_modified(merged)
  // An unsafe method has changed the resource (RFC 9111 section 4.4): what is stored of its URL is void, and
  // so are these other URLs' of the same origin. Done before what came is stored.
  bool invalidates = false;
  std::vector<std::string> also_invalid;
};

// What to do with the answer that `plan` led to; `answer` is null when none came.
ResponseDecision decide_response(const http::Request& request, const Plan& plan,
                                 std::span<const Stored> stored, const http::Response* answer,
                                 const http::Times& times, const CachePolicy& reuse, http::Seconds now);

// The fields of the request that the response's Vary names, normalised for comparison.
http::Fields selecting_fields(const http::Request& request, const http::Response& response);

// What a response says of itself when it comes from the cache: its Age is set, fields that a qualified
// no-cache names are left out, all others are as stored (RFC 9111 sections 4, 5.1, 5.2.2.4).
http::Response reused(const Stored& stored, http::Seconds now);

// The 206 for a part of a body of `length` bytes, or the 416 if the part is empty (RFC 9110 section 15.3.7,
// 15.5.17). `whole` is what would be handed on otherwise: reused(), or the merged one; of a stored 206 the
// body is that part of the representation which its Content-Range names.
http::Response partial(const http::Response& whole, std::uint64_t length, const Part& part);

// The 304 in the place of `whole` (RFC 9110 section 15.4.5). No body goes with it.
http::Response not_modified(const http::Response& whole);

}  // namespace iso::http_cache
