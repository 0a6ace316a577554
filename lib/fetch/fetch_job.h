#pragma once

#include "fetch/fetch.h"

namespace iso::fetch {

// "http://shop.example:80"
std::string origin_text(std::string_view url);

// Why a fetch does not go where `url` leads.
std::string forbidden_text(std::string_view url);

// One fetch on its way.
struct Fetcher::Job {
  enum class State {
    looking,   // at the cache
    sent,      // an origin was asked
    resting,   // until `due`, then asks again
    locked,    // until `due`, then sees whether another process has finished asking
    following  // another fetch of this process asks for the same; until `due`, then asks for itself
  };

  std::uint64_t token = 0;
  bool visible = true;
  http::Request request;  // of this hop
  std::string body;
  std::string first_url;  // that it began with
  bool is_named = true;   // by the user
  bool decodes = false;   // the request asks for content encodings on our behalf
  Clock::Steady started;
  std::optional<Clock::Steady> slot;  // when it may send its request, as others are before it
  State state = State::looking;
  Clock::Steady due;
  unsigned attempts = 0, tries = 0, hops = 0;  // tries: of this hop

  std::vector<discovery::Instance> instances;  // of a service: whom to ask, in order
  std::size_t instance = 0;                    // who is asked

  http_cache::CacheKey key;
  http::Request seen;  // the request as the policy of the cache sees it: without secrets
  std::vector<http_cache::Stored> stored;
  std::vector<http_cache::CacheEntry> entries;  // of the same numbers
  http_cache::Plan plan;
  http::Times times;
  std::optional<breaker::Admission> admission;  // of the breaker, until it was told how the call ended
  bool leads = false, has_lock = false, waited = false, unconditional = false;
  Milliseconds lock_pause{2};
  std::optional<Clock::Steady> patience;  // how long it waits for another who asks for the same
  std::vector<std::uint64_t> followers;

  Milliseconds waited_for_answer{0};  // how long it was ready to

  std::vector<http::Response> interim;

  http::Body partial;    // what came before the line broke
  http::Response first;  // whose body it is
  bool resuming = false;

  // Whom to ask: the URL itself, or of a service that instance.
  std::string target() const {
    return instances.empty() ? key.url
                             : discovery::url_at(*discovery::read_service_url(key.url), instances[instance]);
  }

  // Does nothing before `due`.
  bool is_waiting() const {
    return state == State::resting || state == State::locked || state == State::following;
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
