#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "breaker/breaker.h"
#include "discovery/discovery.h"
#include "http/transport.h"
#include "http_cache/cache.h"
#include "http_cache/policy.h"

namespace iso::fetch {

struct FetchOptions {
  http_cache::CachePolicy reuse;
  unsigned retries = 2;  // after the first try of each URL
  std::chrono::milliseconds timeout{
      std::chrono::seconds(30)};             // for one fetch, from start to end; 0: no limit
  unsigned max_redirects = 10;               // 0: return the redirect response itself
  std::chrono::milliseconds try_timeout{0};  // for one attempt; 0: no limit
  std::chrono::milliseconds stall{0};  // the longest time without a byte moving in one attempt; 0: no limit
  std::vector<int> retry_on;           // statuses to retry; empty: those of is_passing()
  std::uint64_t max_filesize = 0;      // bytes of a body, from the origin or the cache; 0: no limit
  bool needs_cache = false;            // a cache failure is an error, not only a notice
  std::string circuit;                 // name of the one circuit for all origins; "": one circuit per origin
  std::string identity;    // what makes responses private to this caller, besides the request's fields
  std::string registries;  // where services are looked up; another registry may return other instances
  std::vector<std::string> key_fields;  // request fields that identify a user, besides the well-known ones
  std::vector<std::string> trusted;     // hosts that may receive the user's credentials after a redirect
  double rate = 0;                      // requests per second, over all fetches; 0: no limit
  bool guards_addresses = false;        // allow only public addresses, except for hosts that the user named
  std::vector<std::string> allowed;     // hosts that the user named, besides `trusted`
};

enum class CacheUse {
  hit,          // stored and fresh
  revalidated,  // stored, and validated by the origin
  stale,        // stored, not fresh, but allowed
  miss,         // from the origin
  bypass,       // from the origin; the cache was not used
};
std::string_view name_of(CacheUse use);

// How one fetch ended. After a failure there may be no response.
struct Fetched {
  struct Failure {
    ErrorKind kind = ErrorKind::unavailable;
    std::string why;
  };

  std::uint64_t token = 0;
  std::string url;          // of the response, after redirects
  http::Response response;  // status 0: there is none
  http::Body body;
  CacheUse cache = CacheUse::miss;
  http::Seconds age{0};
  unsigned attempts = 0;  // requests sent to an origin
  std::chrono::milliseconds elapsed{0};
  std::vector<http::Response> interim;  // 1xx responses before the final one
  std::string instance;                 // the instance of a service that was tried last: "HOST:PORT"
  std::optional<Failure> failure;
};

// Fetches many URLs at once: looks each one up in the cache, requests the rest from their origins, retries,
// and follows redirects. Concurrent requests for one URL cause one request to its origin, across all
// processes that share the cache. Not thread-safe.
class Fetcher {
 public:
  struct Parts {
    http::Transport& transport;
    http_cache::Cache* cache = nullptr;   // null: every request goes to its origin, and nothing is stored
    breaker::Breaker* breaker = nullptr;  // null: every origin is called
    discovery::Discovery* discovery = nullptr;  // null: services cannot be looked up
    const Clock& clock = system_clock();
    std::function<double()> random = [] { return 0.5; };  // from 0 to 1, for the jitter of retry delays
    std::function<void(std::string_view)> notice = [](std::string_view) {};  // a message for people
    std::string folder = {};  // for large bodies without a cache; "": keep them in memory
  };

  Fetcher(Parts parts, FetchOptions options);
  ~Fetcher();

  // `token` identifies the fetch until turn() returns it. User and password in the URL become Authorization.
  // `is_named`: the user named the URL, and so its origin.
  void start(std::uint64_t token, http::Request request, std::string body = {}, bool is_named = true);
  // Makes progress on all fetches. Returns the finished ones as soon as there are any, or nothing when `also`
  // is ready or `limit` has passed.
  std::vector<Fetched> turn(const Wait& also, std::chrono::milliseconds limit);

  // Fetches that turn() has not returned yet.
  std::size_t running() const { return visible_; }
  // Background validations still running (RFC 5861 section 3).
  std::size_t background() const { return jobs_.size() - visible_; }

 private:
  struct Job;
  using Milliseconds = std::chrono::milliseconds;

  void look_up(Job& job);
  void follow_plan(Job& job);
  void serve(Job& job, CacheUse use);
  void deliver(Job& job, http::Response response, std::size_t chosen, CacheUse use);
  void ask(Job& job);
  bool wait_for_leader(Job& job);
  bool wait_for_lock(Job& job);
  void ask_alone(Job& job);
  Clock::Steady patience_of(Job& job);
  void unlock(Job& job);
  void send(Job& job);
  bool found(Job& job);
  bool admitted(Job& job);
  bool rested(Job& job);
  void rest(Job& job, Clock::Steady due);
  void prefer_closed_circuits(Job& job);
  std::string circuit_of(const Job& job) const;
  void unreachable(Job& job, ErrorKind kind, const std::string& why);
  bool fail_over(Job& job, const http::HttpReply& reply);
  void settle(Job& job, const http::HttpReply& reply);
  void take(Job& job, http::HttpReply reply);
  bool resume(Job& job, http::HttpReply& reply);
  http_cache::CacheKey key_of(const Job& job) const;
  bool is_guarded(const Job& job) const;
  bool has_slot(Job& job);
  http_cache::ResponseDecision concluded(const Job& job, const http::Response* answer) const;
  bool is_retried(int status) const;
  bool try_again(Job& job, http::HttpReply& reply);
  void act_on(Job& job, http::HttpReply reply);
  void serve_freshened(Job& job, const http_cache::ResponseDecision& answered);
  void end_hop(Job& job, http::Response response, http::Body body, CacheUse use);
  bool redirect(Job& job, const http::Response& response);
  void fail(Job& job, ErrorKind kind, std::string why);
  void fail_without_body(Job& job);
  void finish(Job& job, Fetched fetched);
  void release(Job& job);
  void validate_in_background(const Job& job);
  void wake(Job& job);
  void wake_due();
  Milliseconds until_next(Milliseconds limit) const;
  Milliseconds time_left(const Job& job) const;
  http::Seconds now() const;
  void with_cache(const std::function<void(http_cache::Cache&)>& call);

  Parts parts_;
  FetchOptions options_;
  std::unordered_map<std::uint64_t, std::unique_ptr<Job>> jobs_;
  std::unordered_map<std::string, std::uint64_t>
      leaders_;  // cache key to the token of the fetch that requests it; others wait for it
  std::unordered_map<std::string, Clock::Steady> rests_;  // origins that sent Retry-After, and until when
  Clock::Steady next_slot_{};                             // when the rate limit allows the next request
  std::vector<Fetched> done_;
  std::size_t visible_ = 0;
  std::uint64_t next_hidden_ = std::uint64_t{1} << 63;
};

}  // namespace iso::fetch
