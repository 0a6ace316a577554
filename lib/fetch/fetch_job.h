#pragma once

#include "fetch/fetch.h"

namespace iso {

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
  Request request;  // of this hop
  std::string body;
  Clock::Steady started;
  State state = State::looking;
  Clock::Steady due;
  unsigned attempts = 0, tries = 0, hops = 0;  // tries: of this hop

  std::vector<Instance> instances;  // of a service: whom to ask, in order
  std::size_t instance = 0;         // who is asked

  CacheKey key;
  std::vector<Stored> stored;
  std::vector<CacheEntry> entries;  // of the same numbers
  Plan plan;
  Times times;
  std::optional<Admission> admission;  // of the breaker, until it was told how the call ended
  bool leads = false, has_lock = false, waited = false, plain = false;
  Milliseconds lock_pause{2};
  std::vector<std::uint64_t> followers;

  Body partial;    // what came before the line broke
  Response first;  // whose body it is
  bool resuming = false;

  // Whom to ask: the URL itself, or of a service that instance.
  std::string target() const {
    return instances.empty() ? key.url : url_at(*read_service_url(key.url), instances[instance]);
  }

  // May be sent twice without doing it twice (RFC 9110 section 9.2.2).
  bool is_idempotent() const {
    const std::string& method = request.method;
    return method == "GET" || method == "HEAD" || method == "OPTIONS" || method == "PUT" ||
           method == "DELETE";
  }
  bool is_shared() const { return request.method == "GET"; }
};

}  // namespace iso
