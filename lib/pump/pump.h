#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "base/wait.h"
#include "pump/end.h"
#include "pump/observer.h"

namespace iso {

// Durations of zero, counts of zero and rates of zero mean "no limit".
struct PumpOptions {
  std::size_t window = 1000;              // records in flight
  std::size_t window_bytes = 8 << 20;     // bytes of bodies in flight; one record may be larger
  std::uint64_t count = 0;                // take no more than these
  double rate = 0;                        // take no more a second than these
  std::chrono::milliseconds idle{0};      // stop after this time without a record
  std::chrono::milliseconds run_time{0};  // stop after this time
  std::chrono::milliseconds stall_timeout{
      0};  // give up after this time without a result for what is in flight
  // How long what is in flight may take after an interruption, or once run_time is up; counted from then on,
  // whatever comes meanwhile. Nothing: as long as stall_timeout allows.
  std::optional<std::chrono::milliseconds> grace;
  bool drain = false;                             // stop when the source has nothing left
  bool strict = false;                            // stop at the first bad input
  const std::atomic<int>* interrupted = nullptr;  // not 0: stop taking, finish what is in flight
  const Clock* clock = &system_clock();
  // Waits for the first of these, and no longer than the time given.
  std::function<void(const Wait&, std::chrono::milliseconds)> wait = wait_for;
};

enum class StopReason {
  ended,        // the source has nothing more, ever
  counted,      // `count` were taken
  idle,         // none came for the time `idle`
  timed_out,    // `run_time` was up
  drained,      // the source had nothing left
  interrupted,  // `interrupted` was set
  closed,       // the sink, or the observer, takes no more
  bad_input,    // `strict`, and there was some
  failed,       // an end or the observer: `error` says how
};

// What became of the records of one run. Each that was taken is in one of these counts.
struct PumpSummary {
  std::uint64_t taken = 0, confirmed = 0, returned = 0, nacked = 0, unconfirmed = 0, bad_input = 0;
  std::uint64_t rejected = 0;
  std::uint64_t again = 0;              // deferred, or failed and given again by the source
  std::uint64_t stale = 0;              // of those confirmed, whose source had gone by then: they come again
  StopReason stop = StopReason::ended;  // why it took no more
  bool settled = true;                  // the far side of the source is known to have all settlements
  bool gave_up = false;                 // stall_timeout or grace ran out with records in flight
  std::string stalled;                  // why nothing moved then, if the sink knows
  std::string away;                     // why the source could give nothing at the end, if it was away
  std::string why_none;                 // why the sink wanted no more at the end, or ""
  std::optional<Error> error;           // what broke the source, the sink or the observer; the first of them
};

// Moves records from `source` to `sink`, `window` of them in flight, and settles each at the source only
// after the sink has said what became of it: confirmed is acknowledged, rejected is dead-lettered, returned
// and deferred are requeued, nacked is postponed, what is untried is given back, what is unconfirmed is left
// unsettled, so it comes again. What has not begun when its source loses it, or when it has waited for too
// long, is withdrawn from the sink. An Error that an end or the observer throws is not thrown on: it is in
// the summary.
PumpSummary pump(Source& source, Sink& sink, const PumpOptions& options, PumpObserver& observer);

}  // namespace iso
