#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "fetch/fields.h"
#include "fetch/http_date.h"

namespace iso {

// What a private HTTP cache does (RFC 9111, RFC 9110, RFC 5861), decided from header fields and clocks alone.

// What is asked for, as the user gave it: the cache's own conditions are not among the fields yet.
struct Request {
  std::string method = "GET";
  std::string url;  // absolute, without fragment
  Fields fields;
};

// A final response without its body.
struct Response {
  int status = 0;
  Fields fields;
};

// When the request was sent and when the header of its response had come, by the wall clock.
struct Times {
  Seconds request{0}, response{0};
};

// A stored response of the URL that is asked for; there are as many as Vary parts.
struct Stored {
  Response response;
  Fields selecting;  // those fields of its request that its Vary names, as selecting_fields() gave them
  Times times;
  std::uint64_t length = 0;  // of its body, in bytes
};

// A run of bytes of a stored body.
struct Part {
  std::uint64_t first = 0, length = 0;
  bool operator==(const Part&) const = default;
};

// How far the user lets go of what the origin said, or does not.
struct Reuse {
  bool offline = false;              // the cache alone; what is stale but not forbidden will do
  bool refresh = false;              // validate, or fetch, whatever is fresh
  bool heuristic = true;             // guess a lifetime where the origin gave none
  std::optional<Seconds> max_stale;  // --max-stale
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
  Fields conditions;   // to add to the user's fields; left out when the answer is `repeat`
  Seconds age{0};      // of the chosen one, now
  bool stale = false;  // the chosen one is
  // All that is handed on of the chosen one's body, should it come to that; see partial().
  std::optional<Part> part;
};

// What to do with a request, given what is stored of its URL.
Plan plan(const Request& request, std::span<const Stored> stored, const Reuse& reuse, Seconds now);

enum class Conclusion {
  pass,         // hand the answer on, store nothing
  store,        // hand the answer on and store it, its fields as `merged` has them
  freshen,      // a 304, or a HEAD, for a stored response: hand that on with `merged`, and store these
  serve_stale,  // no answer, or an error, and stale-if-error or the user allows the stored response
  repeat,       // a 304 that fits nothing that is stored: ask once more without the plan's conditions, and
                // conclude that with its step set to fetch
};

struct Answered {
  Conclusion conclusion = Conclusion::pass;
  std::size_t chosen = 0;  // freshen, serve_stale: which of the stored
  // What to store. store: the answer without the fields that are of its connection (RFC 9111 section 3.1).
  // freshen: the stored response with the fields of the 304 (section 3.2), to be stored with the body of the
  // chosen one and with selecting_fields(request, merged): in its place if these are the same, else beside
  // it.
  Response merged;
  bool only_hand_on = false;  // freshen: the 304 says no-store, so that nothing of it is kept
  bool not_modified = false;  // freshen: the user's own condition holds, so hand on not_modified(merged)
  // An unsafe method has changed the resource (RFC 9111 section 4.4): what is stored of its URL is void, and
  // so are these other URLs' of the same origin. Done before what came is stored.
  bool invalidates = false;
  std::vector<std::string> also_invalid;
};

// What to do with the answer that `plan` led to; `answer` is null when none came.
Answered conclude(const Request& request, const Plan& plan, std::span<const Stored> stored,
                  const Response* answer, const Times& times, const Reuse& reuse, Seconds now);

// The fields of the request that the response's Vary names, normalised for comparison.
Fields selecting_fields(const Request& request, const Response& response);

// What a response says of itself when it comes from the cache: its Age is set, fields that a qualified
// no-cache names are left out, all others are as stored (RFC 9111 sections 4, 5.1, 5.2.2.4).
Response reused(const Stored& stored, Seconds now);

// The 206 for a part of a body of `length` bytes, or the 416 if the part is empty (RFC 9110 section 15.3.7,
// 15.5.17). `whole` is what would be handed on otherwise: reused(), or the merged one.
Response partial(const Response& whole, std::uint64_t length, const Part& part);

// The 304 in the place of `whole` (RFC 9110 section 15.4.5). No body goes with it.
Response not_modified(const Response& whole);

}  // namespace iso
