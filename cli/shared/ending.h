#pragma once

#include "base/error.h"
#include "cli/shared/command.h"
#include "cli/shared/report.h"
#include "pump/pump.h"

namespace iso::cli {

// How a command ends after a signal and a drain.
Outcome interrupted_by(int signal);

// Tells people at a terminal, once, that Ctrl-C was heard while messages are in flight, and what another one
// does.
void tell_of_interruption(Report& report, const Session& session, std::uint64_t in_flight);

// `error`, or ErrorKind::unconfirmed with its text if there are records whose status is unknown.
Error unconfirmed_or(const Error& error, const PumpSummary& summary);

}  // namespace iso::cli
