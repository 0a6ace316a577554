#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace iso::breaker {

struct BreakerOptions {
  std::chrono::milliseconds window{60'000};      // how long calls count
  unsigned least_calls = 5;                      // with fewer calls in the window the rate is not used
  double failure_rate = 0.5;                     // from 0 to 1; at this rate the circuit opens
  unsigned failures_in_a_row = 5;                // this many open it too, at any rate
  std::chrono::milliseconds first_open{10'000};  // doubled each time it opens again without closing
  std::chrono::milliseconds longest_open{300'000};
  std::chrono::milliseconds lease{62'000};  // how long a probe may take: the call's time limit, and 2 s
  std::chrono::milliseconds busy{250};      // how long to wait for another process's lock on the file
};

// Counts recent calls per tenth of the window, so that little has to be stored.
class RecentCalls {
 public:
  struct Counts {
    std::uint64_t succeeded = 0, failed = 0;
    std::uint64_t all() const { return succeeded + failed; }
    bool operator==(const Counts&) const = default;
  };

  void add(const Counts& calls, Clock::Wall now, std::chrono::milliseconds window);
  // Ignores calls in the future, from before the clock was set back.
  Counts within(Clock::Wall now, std::chrono::milliseconds window) const;
  void clear() { parts_.clear(); }

  // For storage: "START:SUCCEEDED:FAILED …", START in ms since the epoch. parse() stops at the first invalid
  // part.
  std::string text() const;
  static RecentCalls parse(std::string_view text);

 private:
  struct Part {
    std::int64_t start;
    Counts counts;
  };
  std::vector<Part> parts_;  // oldest first
};

enum class Phase { closed, open, half_open };

// The state that all processes share about one server.
struct Circuit {
  Phase phase = Phase::closed;
  std::int64_t generation =
      0;  // incremented with each change of phase; results of calls from an older one are ignored
  unsigned opens = 0;   // how many times it has opened since it was last closed
  Clock::Wall since{};  // when it entered this phase
  Clock::Wall until{};  // open: when a probe is due; half-open: when the probe's lease ends
  unsigned failures_in_a_row = 0;
  RecentCalls recent;
  std::string reason;  // of the last failure
};

// The `until` of a circuit that was opened by hand.
constexpr Clock::Wall kUntilReset{std::chrono::milliseconds(std::int64_t{1} << 53)};

// Whether a call is allowed, either normally or as the probe of an open circuit.
enum class Decision { allow, probe, reject };

// `probe_owner_alive`: the process that probes a half-open circuit is still running. If the clock was set
// back since the phase began, the phase is over, so that it does not last longer than intended.
Decision decide(const Circuit& circuit, Clock::Wall now, bool probe_owner_alive);

enum class CallEnd { success, failure, neutral };

struct CallResult {
  CallEnd end = CallEnd::success;
  std::string reason = {};                                         // of a failure, for people
  std::optional<std::chrono::seconds> retry_after = std::nullopt;  // as the server asked; capped at one day
};

// Starts a probe by the caller, for at most `lease`.
void begin_probe(Circuit& circuit, Clock::Wall now, std::chrono::milliseconds lease);

// Records the result of a call of this generation; in a half-open circuit that is the probe. True if the
// phase changed. After a neutral result the next call is the probe. `random`, from 0 to 1, varies the time
// for which the circuit stays open by up to 20 %, so that clients do not retry together.
bool end_call(Circuit& circuit, const CallResult& result, const BreakerOptions& options, Clock::Wall now,
              double random);

// The same for many successful calls.
void add_successes(Circuit& circuit, std::uint64_t count, const BreakerOptions& options, Clock::Wall now);

// For operators.
void open_circuit(Circuit& circuit, std::string_view reason, Clock::Wall now, Clock::Wall until);
void close_circuit(Circuit& circuit, Clock::Wall now);

}  // namespace iso::breaker
