#include "cli/shared/ending.h"

#include <csignal>
#include <fmt/core.h>

namespace iso::cli {

Outcome interrupted_by(int signal) {
  return signal == SIGTERM ? Outcome::terminated : Outcome::interrupted;
}

Error unconfirmed_or(const Error& error, const Tally& tally) {
  if (tally.unconfirmed == 0) return error;
  return {ErrorKind::unconfirmed, fmt::format("{}: {} confirmed, {} not known to be confirmed", error.what(),
                                              tally.confirmed, tally.unconfirmed)};
}

}  // namespace iso::cli
