#pragma once

#include "fetch/fetch.h"

namespace iso::fetch {

// One fetch on its way.
struct Fetcher::Job {
  enum class State {
    looking,   // at the cache
    sent,      // an origin was asked
    resting,   // until `due`, then asks again
    locked,    // until `due`, then sees whether another process has finished asking
    following  // another fetch of this process asks for the same
  };

  std::uint64_t token = 0;
  bool visible = true;
  http::Request request;  // of this hop
  std::string body;
  Clock::Steady started;
  State state = State::looking;
  Clock::Steady due;
  unsigned attempts = 0, tries = 0, hops = 0;  // tries: of this hop

  std::vector<discovery::Instance> instances;  // of a service: whom to ask, in order
  std::size_t instance = 0;                    // who is asked

  http_cache::CacheKey key;
  std::vector<http_cache::Stored> stored;
  std::vector<http_cache::CacheEntry> entries;  // of the same numbers
  http_cache::Plan plan;
  http::Times times;
  std::optional<breaker::Admission> admission;  // of the breaker, until it was told how the call ended
  bool leads = false, has_lock = false, waited = false, unconditional = false;
  Milliseconds lock_pause{2};
  std::vector<std::uint64_t> followers;

  http::Body partial;    // what came before the line broke
  http::Response first;  // whose body it is
  bool resuming = false;

  // Whom to ask: the URL itself, or of a service that instance.
  std::string target() const {
    return instances.empty() ? key.url
                             : discovery::url_at(*discovery::read_service_url(key.url), instances[instance]);
  }

  // May be sent twice without doing it twice (RFC 9110 section 9.2.2).
  bool is_idempotent() const {
    const std::string& method = request.method;
    return method == "GET" || method == "HEAD" || method == "OPTIONS" || method == "PUT" ||
           method == "DELETE";
  }
  bool is_shared() const { return request.method == "GET"; }
};

}  // namespace iso::fetch
