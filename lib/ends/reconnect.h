#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "base/clock.h"
#include "pump/end.h"
#include "pump/end_options.h"

namespace iso::ends {

// How a lost connection is restored.
struct Reconnecting {
  // How long the far side may be away before the error of the last try is thrown. 0: no limit.
  std::chrono::milliseconds outage{0};
  Notice notice = [](std::string_view) {};
  const Clock* clock = &system_clock();
  std::shared_ptr<SourceProgress> progress = nullptr;  // of a source: what comes again is not given any more
};

// Opens an end, in at most the time given.
template <class End>
using Opener = std::function<std::unique_ptr<End>(std::chrono::milliseconds at_most)>;

// An end that survives the loss of its connection. The first connection is made now, and its errors are
// thrown. When it is lost later (ErrorKind::unavailable), it is opened again, with increasing delays; any
// other error is thrown.
//
// The sink sends again, in order, all records without a result, with the same message_id. The far side may
// have received some of them before, and then has them twice.
std::unique_ptr<Sink> reconnecting_sink(Opener<Sink> open, std::chrono::milliseconds first_limit,
                                        const Reconnecting& options);

// The source delivers unsettled records again, under new tickets; settling an old ticket does nothing.
std::unique_ptr<Source> reconnecting_source(Opener<Source> open, std::chrono::milliseconds first_limit,
                                            const Reconnecting& options);

}  // namespace iso::ends
