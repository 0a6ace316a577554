#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "pump/end.h"
#include "pump/window.h"

namespace iso {

// Durations of zero, counts of zero and rates of zero mean "no limit".
struct PumpOptions {
  std::size_t window = 1000;              // records in flight
  std::size_t window_bytes = 8 << 20;     // bytes of bodies in flight; one record may be larger
  std::uint64_t count = 0;                // take no more than these
  double rate = 0;                        // take no more a second than these
  std::chrono::milliseconds idle{0};      // stop when nothing came for so long
  std::chrono::milliseconds run_time{0};  // stop after so long
  std::chrono::milliseconds patience{
      0};  // give up when something is in flight and no status came for so long
  std::chrono::milliseconds drain_time{0};        // the same after an interruption, or when run_time is up
  bool drain = false;                             // stop when the source has nothing left
  bool strict = false;                            // stop at the first bad_input
  const std::atomic<int>* interrupted = nullptr;  // not 0: stop taking, finish what is in flight
  const Clock* clock = &system_clock();

  std::chrono::milliseconds patience_after(bool end) const {
    return end && drain_time.count() != 0 ? drain_time : patience;
  }
};

// Whether whoever looks on can bear more.
enum class Intake {
  open,
  one,   // one record, and then look again
  full,  // not now: pause() says what to wait for
  over,  // never again: finish what is in flight
};

// Who looks on. Every record taken is reported once, in the order taken.
struct PumpHooks {
  // Completes a record before it is put. Throws ErrorKind::data: then it is a bad_input.
  std::function<void(Record&)> prepare = [](Record&) {};
  std::function<void(const Delivery&, const DeliveryResult&)> report = [](const Delivery&,
                                                                          const DeliveryResult&) {};
  // The sink's reason for not moving has changed; "" when it moves again.
  std::function<void(std::string_view)> stalled = [](std::string_view) {};
  std::function<Intake()> intake = [] { return Intake::open; };
  // Called when all that is known has been reported and the pump is about to wait, for what this gives too.
  std::function<Wait()> pause = [] { return Wait{}; };
};

// Why the pump stopped taking.
enum class Stop { ended, counted, idle, timed_out, drained, interrupted, closed, bad_input, failed };

struct Tally {
  std::uint64_t taken = 0, confirmed = 0, returned = 0, nacked = 0, unconfirmed = 0, bad_input = 0;
  std::uint64_t rejected = 0;
  std::uint64_t again = 0;  // deferred, or failed and given again by the source: in no other count
  Stop stop = Stop::ended;
  bool gave_up = false;        // `patience` ran out with records in flight
  std::string stalled;         // why nothing moved then, if the sink knows
  std::string away;            // why the source could give nothing at the end, if it was away
  std::optional<Error> error;  // what broke the source or the sink
};

// Moves records from `source` to `sink`, `window` of them in flight, and settles each at the source only
// after the sink has said what became of it: confirmed is acknowledged, rejected is dead-lettered, returned,
// nacked and deferred are requeued, what is untried is given back, what is unconfirmed is left unsettled, so
// it comes again. Does not throw for what either end does: it is in the tally.
Tally pump(Source& source, Sink& sink, const PumpOptions& options, const PumpHooks& hooks);

}  // namespace iso
