#pragma once

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/error.h"
#include "base/wait.h"
#include "cli/shared/command.h"
#include "cli/shared/common_options.h"
#include "cli/shared/report.h"

namespace iso::cli {

// --wait, of commands that open an end.
void add_wait_option(CLI::App& app, std::string& wait);

inline constexpr std::chrono::milliseconds kBetweenTries{250};

// How long one try to open an end may take: `timeout`, and no longer than --wait ("": not given).
inline std::chrono::milliseconds try_time(std::chrono::milliseconds timeout, const std::string& wait) {
  if (wait.empty()) return timeout;
  const auto limit = std::max(duration_or(wait, {}), std::chrono::milliseconds(1));
  return timeout.count() == 0 ? limit : std::min(timeout, limit);
}

// What `open` gives, which is tried again while the end cannot be reached, until the time of --wait is up or
// a signal came. Throws what the last try threw.
template <class Open>
auto open_within(const std::string& wait, const Session& session, Report& report, Open open) {
  const auto until = system_clock().steady() + duration_or(wait, {});
  for (bool told = false;;) {
    try {
      return open();
    } catch (const Error& error) {
      const bool is_last =
          system_clock().steady() + kBetweenTries >= until || session.interrupted.load() != 0;
      if (error.kind() != ErrorKind::unavailable || is_last) throw;
      if (!std::exchange(told, true)) report.detail(std::string(error.what()) + "; waiting for it");
    }
    wait_for(Wait(kBetweenTries), kBetweenTries);
  }
}

}  // namespace iso::cli
