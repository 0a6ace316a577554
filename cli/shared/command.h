#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <span>
#include <string_view>

#include "cli/shared/environment.h"

namespace CLI {
class App;
}

namespace iso::cli {

// How a command ended that nothing stopped; what stops one is thrown as Error.
enum class Outcome {
  done,         // all that was asked was done
  no,           // it completed with failures
  bad_data,     // some input was bad; the rest went on
  interrupted,  // SIGINT, after draining
  terminated,   // SIGTERM, after draining
  hung_up,      // SIGHUP, after draining
};

// What a command may touch of the world.
struct Session {
  const Environment& environment;
  const std::atomic<int>& interrupted;  // the signal that came, or 0
};

using Run = std::function<Outcome(Session&)>;

// Binding declares the options and touches nothing else; what it returns does the work.
struct Command {
  std::string_view name;
  std::string_view summary;
  std::string_view examples;  // for its help: lines of two spaces and a command
  Run (*bind)(CLI::App&);
};

Run bind_publish(CLI::App& app);
Run bind_listen(CLI::App& app);
Run bind_fetch(CLI::App& app);
Run bind_reconcile(CLI::App& app);

// The one list of commands: dispatch, help, completions and manual pages all walk it.
std::span<const Command> commands();

}  // namespace iso::cli
