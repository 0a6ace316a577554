#pragma once

#include "fetch/fetch.h"

namespace iso::fetch {

// "http://shop.example:80"
std::string origin_text(std::string_view url);

// The error for a fetch that may not connect to `url`.
std::string forbidden_text(std::string_view url);

// One running fetch.
struct Fetcher::Job {
  enum class State {
    looking,   // in the cache
    sent,      // a request to an origin is running
    resting,   // waits until `due`, then sends the request again
    locked,    // until `due`, then checks whether the process that holds the lock has finished
    following  // waits until `due` for another fetch of the same key in this process, then sends its own
               // request
  };

  std::uint64_t token = 0;
  bool visible = true;
  http::Request request;  // of the current hop
  std::string body;
  std::string first_url;  // the URL that was passed to start()
  bool is_named = true;   // by the user
  bool decodes = false;   // iso added Accept-Encoding and decodes the body
  Clock::Steady started;
  std::optional<Clock::Steady> slot;  // when the rate limit lets it send its request
  State state = State::looking;
  Clock::Steady due;
  unsigned attempts = 0, tries = 0, hops = 0;  // tries: for the current hop

  std::vector<discovery::Instance> instances;  // of a service, in the order in which they are tried
  std::size_t instance = 0;                    // index of the current one

  http_cache::CacheKey key;
  http::Request seen;  // the request that the cache's policy sees: without secrets
  std::vector<http_cache::Stored> stored;
  std::vector<http_cache::CacheEntry> entries;  // parallel to `stored`
  http_cache::Plan plan;
  http::Times times;
  std::optional<breaker::Admission>
      admission;  // of the breaker, until the result of the call is reported to it
  bool leads = false, has_lock = false, waited = false, unconditional = false;
  Milliseconds lock_pause{2};
  std::optional<Clock::Steady> patience;  // until when it waits for another request for the same key
  std::vector<std::uint64_t> followers;

  Milliseconds waited_for_answer{0};  // the time limit of the last attempt

  std::vector<http::Response> interim;

  http::Body partial;    // the bytes received before the connection broke
  http::Response first;  // the response that `partial` belongs to
  bool resuming = false;

  // The URL to connect to: the URL itself, or that of the current instance of a service.
  std::string target() const {
    return instances.empty() ? key.url
                             : discovery::url_at(*discovery::read_service_url(key.url), instances[instance]);
  }

  // Idle until `due`.
  bool is_waiting() const {
    return state == State::resting || state == State::locked || state == State::following;
  }

  // Whether the request may be sent twice (RFC 9110 section 9.2.2).
  bool is_idempotent() const {
    const std::string& method = request.method;
    return method == "GET" || method == "HEAD" || method == "OPTIONS" || method == "PUT" ||
           method == "DELETE";
  }
  bool is_shared() const { return request.method == "GET"; }
};

}  // namespace iso::fetch
