#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "breaker/breaker.h"
#include "cli/shared/alerts.h"
#include "cli/shared/environment.h"
#include "cli/shared/report.h"
#include "pump/end_options.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace iso::cli {

// An empty text: not given.
struct BreakerFlags {
  std::string name, on_trip;
};

// --breaker NAME and --on-trip CMD; `what` is what the breaker guards.
void add_breaker_options(CLI::App& app, BreakerFlags& flags, const std::string& what);

// Only --on-trip, for a command with a --breaker of its own.
CLI::Option* add_on_trip_option(CLI::App& app, BreakerFlags& flags, const std::string& help);

// A breaker that reports its changes to people and runs the command of --on-trip when a circuit opens. Its
// state belongs to the user, and is in the folder of caches. A trial takes at most `longest_call`. Throws
// ErrorKind::usage if the command of --on-trip cannot be split into words.
class CommandBreaker {
 public:
  CommandBreaker(const BreakerFlags& flags, const Environment& environment, Report& report,
                 std::chrono::milliseconds longest_call);

  breaker::Breaker& breaker() { return breaker_; }

 private:
  Alerts alerts_;
  breaker::Breaker breaker_;
};

// Null if --breaker was not given.
std::unique_ptr<CommandBreaker> open_breaker(const BreakerFlags& flags, const Environment& environment,
                                             Report& report, std::chrono::milliseconds longest_call);

// For the options of ends.
CircuitOptions circuit_options(const BreakerFlags& flags, const std::unique_ptr<CommandBreaker>& breaker);

}  // namespace iso::cli
