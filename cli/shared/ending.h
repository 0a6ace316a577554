#pragma once

#include "base/error.h"
#include "cli/shared/command.h"
#include "pump/pump.h"

namespace iso::cli {

// How a command ends after a signal and a drain.
Outcome interrupted_by(int signal);

// `error`, or ErrorKind::unconfirmed with its text if there are records whose status is unknown.
Error unconfirmed_or(const Error& error, const PumpSummary& summary);

}  // namespace iso::cli
