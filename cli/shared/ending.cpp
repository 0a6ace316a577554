#include "cli/shared/ending.h"

#include <csignal>
#include <fmt/core.h>
#include <unistd.h>

namespace iso::cli {

Outcome interrupted_by(int signal) {
  if (signal == SIGHUP) return Outcome::hung_up;
  return signal == SIGTERM ? Outcome::terminated : Outcome::interrupted;
}

void tell_of_interruption(Report& report, const Session& session, std::uint64_t in_flight) {
  static bool told = false;
  if (told || in_flight == 0 || session.interrupted.load() != SIGINT) return;
  told = true;
  if (session.environment.is_terminal(STDERR_FILENO))
    report.note(fmt::format("finishing {} message{}; Ctrl-C again stops at once", in_flight,
                            in_flight == 1 ? "" : "s"));
}

Error unconfirmed_or(const Error& error, const PumpSummary& summary) {
  if (summary.unconfirmed == 0) return error;
  return {ErrorKind::unconfirmed, fmt::format("{}: {} confirmed, {} not known to be confirmed", error.what(),
                                              summary.confirmed, summary.unconfirmed)};
}

}  // namespace iso::cli
