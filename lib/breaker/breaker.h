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
  std::int64_t generation = -1;  // -1: the store could not be read, so the result of the call is not recorded
  // Set if the call was rejected:
  std::chrono::milliseconds open_for{0};                             // how long the circuit has been open
  std::optional<std::chrono::milliseconds> again_in = std::nullopt;  // nothing: only a reset closes it
  std::string reason = {};                                           // of the last failure
  bool is_tried = false;  // another process is probing it: `again_in` is when that ends at the latest

  explicit operator bool() const { return decision != Decision::reject; }
};

// "the circuit of shop has been open for 3 s (connection refused); next trial in 7 s"
std::string refusal_text(const Admission& refused);

// This process has opened a closed circuit.
struct Trip {
  std::string key, reason;
  std::chrono::milliseconds open_for;
  unsigned failures_in_a_row;
  RecentCalls::Counts calls;  // in the window
};

struct BreakerHooks {
  // Messages for people: each change of phase made by this process, and once if the store cannot be used.
  std::function<void(std::string_view)> notice = [](std::string_view) {};
  std::function<void(const Trip&)> tripped = [](const Trip&) {};
};

// Circuit breakers for many servers, each with its own key. All processes that use the same file share their
// state. Closed: every call is allowed. Open, after too many failures: no call is allowed for a while.
// Half-open: one call, the probe, is allowed, and its result closes the circuit or opens it for longer.
//
// If the file cannot be used, every call is allowed. Not thread-safe.
class Breaker {
 public:
  Breaker(std::string path, const BreakerOptions& options, BreakerHooks hooks,
          const Clock& clock = system_clock(), std::function<double()> random = {});
  ~Breaker();  // other processes may take over a probe that was not settled
  Breaker(const Breaker&) = delete;
  Breaker& operator=(const Breaker&) = delete;

  // Asks whether a call is allowed. If it is, call settle() once with its result.
  Admission admit(std::string_view key);
  void settle(const Admission& admission, const CallResult& result);

  // Returns what admit() would, without taking the probe; do not settle it.
  Admission look(std::string_view key);

  // For operators. These throw if the store fails. Without `how_long`, the circuit stays open until it is
  // reset.
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
  std::map<std::string, std::int64_t, std::less<>>
      probes_;  // this process's probes: their generations, by key
  // Written at intervals, since a thousand quick calls would otherwise be a thousand transactions.
  std::map<std::string, Successes, std::less<>> successes_;
  Clock::Steady kept_{};
  std::optional<Clock::Steady> troubled_until_;
  bool told_of_trouble_ = false;
};

}  // namespace iso::breaker
