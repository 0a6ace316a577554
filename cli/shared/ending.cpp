#include "cli/shared/ending.h"

#include <csignal>
#include <fmt/core.h>

namespace iso::cli {

Outcome interrupted_by(int signal) {
  if (signal == SIGHUP) return Outcome::hung_up;
  return signal == SIGTERM ? Outcome::terminated : Outcome::interrupted;
}

Error unconfirmed_or(const Error& error, const PumpSummary& summary) {
  if (summary.unconfirmed == 0) return error;
  return {ErrorKind::unconfirmed, fmt::format("{}: {} confirmed, {} not known to be confirmed", error.what(),
                                              summary.confirmed, summary.unconfirmed)};
}

}  // namespace iso::cli
