#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "cli/shared/command.h"

namespace iso::cli {

enum class Binding {
  named,  // a command's options are bound when its name is parsed: binding all of them takes milliseconds
  all,
};

// The parser of the whole command line: one subcommand for each of commands(). Runs nothing.
struct Program {
  std::unique_ptr<CLI::App> app;
  std::vector<std::pair<CLI::App*, Run>> runs;
};
Program make_program(Binding binding);

// The environment variables, of all commands, whose options decide what a run does (ISO_COUNT, ISO_EXEC, …).
// Those for connections and output (ISO_URL, ISO_QUIET, …) are not among them.
std::vector<std::string> option_variables();

// Parses, runs the command and returns the exit status. Catches everything.
int run_program(int argc, const char* const* argv, Session& session);

}  // namespace iso::cli
