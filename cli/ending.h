#pragma once

#include "base/error.h"
#include "cli/command.h"
#include "pump/pump.h"

namespace iso {

// How a command ends after a signal and a drain.
Outcome interrupted_by(int signal);

// `error`, or Kind::unconfirmed with its text if it left records whose fate is not known.
Error unconfirmed_or(const Error& error, const Tally& tally);

}  // namespace iso
