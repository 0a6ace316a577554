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
  std::chrono::milliseconds window{60'000};      // how far back calls count
  unsigned least_calls = 5;                      // fewer in the window say nothing about a rate
  double failure_rate = 0.5;                     // from 0 to 1; as many or more open the circuit
  unsigned failures_in_a_row = 5;                // as many open it, whatever the rate
  std::chrono::milliseconds first_open{10'000};  // doubled each time it opens again without closing
  std::chrono::milliseconds longest_open{300'000};
  std::chrono::milliseconds lease{62'000};  // how long a trial may take: the call's own time limit, and 2 s
  std::chrono::milliseconds busy{
      250};  // at most this long a call waits for another process to leave the file
};

// Calls of late, counted in parts of a tenth of the window, so that what is kept of them stays small.
class RecentCalls {
 public:
  struct Counts {
    std::uint64_t succeeded = 0, failed = 0;
    std::uint64_t all() const { return succeeded + failed; }
    bool operator==(const Counts&) const = default;
  };

  void add(const Counts& calls, Clock::Wall now, std::chrono::milliseconds window);
  // What a clock that was set back since left in the future does not count.
  Counts within(Clock::Wall now, std::chrono::milliseconds window) const;
  void clear() { parts_.clear(); }

  // To keep and read again: "START:SUCCEEDED:FAILED …", START in ms since the epoch. What cannot be read is
  // left out.
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

// What is known of one far side, by all who call it.
struct Circuit {
  Phase phase = Phase::closed;
  std::int64_t generation =
      0;                // grows with each change of phase: the end of a call of an older one counts no more
  unsigned opens = 0;   // times it opened since it was closed last
  Clock::Wall since{};  // when it came into this phase
  Clock::Wall until{};  // open: no call before; half-open: when the trial's time is up
  unsigned failures_in_a_row = 0;
  RecentCalls recent;
  std::string reason;  // of the last failure
};

// A circuit that was opened by hand has this as its `until`.
constexpr Clock::Wall kUntilReset{std::chrono::milliseconds(std::int64_t{1} << 53)};

// What someone may do who is about to call.
enum class Decision { allow, probe, reject };

// `probe_owner_alive`: whoever tries a half-open circuit still runs. What a clock that was set back would
// keep shut for longer than it was meant to be is over.
Decision decide(const Circuit& circuit, Clock::Wall now, bool probe_owner_alive);

enum class CallEnd { success, failure, neutral };

struct CallResult {
  CallEnd end = CallEnd::success;
  std::string reason = {};  // of a failure, for people
  std::optional<std::chrono::seconds> retry_after =
      std::nullopt;  // as the far side asked; at most a day counts
};

// The caller is now the one who tries the circuit, for at most `lease`.
void begin_probe(Circuit& circuit, Clock::Wall now, std::chrono::milliseconds lease);

// How a call of this generation ended; a half-open circuit's is that of its trial. True if the phase changed.
// A neutral end gives the trial to the next who comes. `random`, from 0 to 1, moves the time that it stays
// open by up to a fifth, so that many who wait do not come back together.
bool end_call(Circuit& circuit, const CallResult& result, const BreakerOptions& options, Clock::Wall now,
              double random);

// The same for many that went well.
void add_successes(Circuit& circuit, std::uint64_t count, const BreakerOptions& options, Clock::Wall now);

// By hand.
void open_circuit(Circuit& circuit, std::string_view reason, Clock::Wall now, Clock::Wall until);
void close_circuit(Circuit& circuit, Clock::Wall now);

}  // namespace iso::breaker
