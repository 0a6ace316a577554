#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "breaker/circuit.h"
#include "breaker/store.h"

namespace iso::breaker {

// Whether a call may be made.
struct Admission {
  std::string key;
  Decision decision = Decision::allow;
  std::int64_t generation = -1;  // -1: the store could not be read; the result of the call is not recorded
  // If it was refused:
  std::chrono::milliseconds open_for{0};                             // how long the circuit has been open
  std::optional<std::chrono::milliseconds> again_in = std::nullopt;  // nothing: not until it is reset
  std::string reason = {};                                           // of the last failure
  bool is_tried = false;  // another process is trying it now: `again_in` is when that ends at the latest

  explicit operator bool() const { return decision != Decision::reject; }
};

// "the circuit of shop has been open for 3 s (connection refused); next trial in 7 s"
std::string refusal_text(const Admission& refused);

// This process has opened a circuit that was closed.
struct Trip {
  std::string key, reason;
  std::chrono::milliseconds open_for;
  unsigned failures_in_a_row;
  RecentCalls::Counts calls;  // in the window
};

struct BreakerHooks {
  // A line for people: for each change of phase made here, and once if the store cannot be used.
  std::function<void(std::string_view)> notice = [](std::string_view) {};
  std::function<void(const Trip&)> tripped = [](const Trip&) {};
};

// Circuit breakers for many servers, each with its own key. All processes that name the same file share their
// state. Closed: every call is allowed. Open, after too many failures: no call is, for a while. Half-open:
// one call is, and its result closes the circuit or opens it for longer.
//
// If the file cannot be used, every call is allowed. For one thread.
class Breaker {
 public:
  Breaker(std::string path, const BreakerOptions& options, BreakerHooks hooks,
          const Clock& clock = system_clock(), std::function<double()> random = {});
  ~Breaker();  // a trial that was not settled is left to others
  Breaker(const Breaker&) = delete;
  Breaker& operator=(const Breaker&) = delete;

  // Asks before a call. Unless it is refused, settle() it once with the result of the call.
  Admission admit(std::string_view key);
  void settle(const Admission& admission, const CallResult& result);

  // What admit() would return now, without taking the trial; there is nothing to settle.
  Admission look(std::string_view key);

  // For operators. These throw if the store fails. `how_long`: nothing means until it is reset.
  std::vector<NamedCircuit> circuits();
  void trip(std::string_view key, std::string_view reason, std::optional<std::chrono::milliseconds> how_long);
  void reset(std::string_view key);

 private:
  struct Successes {
    std::int64_t generation = 0;
    std::uint64_t count = 0;
  };
  struct Change {
    Phase before;
    Circuit after;
  };

  BreakerStore& store();
  template <class Call>
  bool unless_troubled(Call call);
  bool probe_owner_alive(std::string_view key, const Circuit& circuit);
  Admission refused(std::string_view key, const Circuit& circuit) const;
  Admission try_probe(std::string_view key);
  std::optional<Change> end(const Admission& admission, const CallResult& result);
  void tell_of_trip(std::string_view key, const Circuit& open);
  void tell(std::string_view key, Phase before, const Circuit& now);
  void keep_successes();
  void keep_successes_if_due();

  std::string path_;
  BreakerOptions options_;
  BreakerHooks hooks_;
  const Clock& clock_;
  std::function<double()> random_;
  std::optional<BreakerStore> store_;
  std::map<std::string, std::int64_t, std::less<>> probes_;  // ours, by key: their generations
  // Written at intervals, or a thousand quick calls would be a thousand transactions.
  std::map<std::string, Successes, std::less<>> successes_;
  Clock::Steady kept_{};
  std::optional<Clock::Steady> troubled_until_;
  bool told_of_trouble_ = false;
};

}  // namespace iso::breaker
