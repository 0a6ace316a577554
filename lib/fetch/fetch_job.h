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

  bool is_shared() const { return request.method == "GET"; }
};

}  // namespace iso
