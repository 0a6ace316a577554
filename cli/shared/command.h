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

// How a command ended. What stops it early is thrown as Error.
enum class Outcome {
  done,         // everything that was asked for was done
  no,           // it completed with failures
  missing,      // a queue that was asked about is not there; the others were shown
  bad_data,     // some input was invalid; the rest was processed
  interrupted,  // SIGINT, after draining
  terminated,   // SIGTERM, after draining
  hung_up,      // SIGHUP, after draining
};

// Everything outside of itself that a command may use.
struct Session {
  const Environment& environment;
  const std::atomic<int>& interrupted;  // the signal received, or 0
};

using Run = std::function<Outcome(Session&)>;

// Binding only declares the options; the function it returns does the work.
struct Command {
  std::string_view name;
  std::string_view summary;
  std::string_view examples;  // for its help: lines that start with two spaces
  Run (*bind)(CLI::App&);
};

Run bind_publish(CLI::App& app);
Run bind_listen(CLI::App& app);
Run bind_fetch(CLI::App& app);
Run bind_reconcile(CLI::App& app);
Run bind_status(CLI::App& app);

// The one list of commands: dispatch, help, completions and manual pages all walk it.
std::span<const Command> commands();

}  // namespace iso::cli
