#pragma once

#include <memory>

#include "base/clock.h"
#include "pump/end.h"

namespace iso::ends {

// Gives what `from` gives at the pace at which it was received, `speed` times as fast: each record as long
// after the first one as its received_at says. One without it, or from before the last, goes at once.
std::unique_ptr<Source> pacing_source(std::unique_ptr<Source> from, double speed,
                                      const Clock& clock = system_clock());

}  // namespace iso::ends
