#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "base/clock.h"
#include "pump/end.h"
#include "pump/end_options.h"

namespace iso::ends {

// How an end comes back whose far side went away.
struct Reconnecting {
  // How long the far side may stay away; then what the last try threw is thrown. 0: as long as it takes.
  std::chrono::milliseconds outage{0};
  Notice notice = [](std::string_view) {};
  const Clock* clock = &system_clock();
  std::shared_ptr<SourceProgress> progress = nullptr;  // of a source: what comes again is not given any more
};

// Opens an end, in at most the time given.
template <class End>
using Opener = std::function<std::unique_ptr<End>(std::chrono::milliseconds at_most)>;

// An end that outlives its connection. The first one is opened now, and what that throws is final. Later,
// when the far side went away (ErrorKind::unavailable), it is opened again after a pause that grows; what
// else it throws is final.
//
// The sink puts again, in order, all that has no result: the same records, so with the same message_id. The
// far side may have had some of them, which it then has twice.
std::unique_ptr<Sink> reconnecting_sink(Opener<Sink> open, std::chrono::milliseconds first_limit,
                                        const Reconnecting& options);

// The source gives again what was not settled, under new tickets: settling an old one does nothing.
std::unique_ptr<Source> reconnecting_source(Opener<Source> open, std::chrono::milliseconds first_limit,
                                            const Reconnecting& options);

}  // namespace iso::ends
