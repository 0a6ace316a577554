#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "cli/shared/command.h"

namespace iso::cli {

enum class Binding {
  named,  // the options of a command are bound when parsing comes to its name: to bind all takes milliseconds
  all,
};

// The whole command line: one subcommand for each of commands(), nothing run.
struct Program {
  std::unique_ptr<CLI::App> app;
  std::vector<std::pair<CLI::App*, Run>> runs;
};
Program make_program(Binding binding);

// The environment variables of options that say what one run shall do (ISO_COUNT, ISO_EXEC, …), of all
// commands. Those that say with whom and how to talk (ISO_URL, ISO_QUIET, …) are not among them.
std::vector<std::string> option_variables();

// Parses, runs and turns how it ended into the exit status. The last catch.
int run_program(int argc, const char* const* argv, Session& session);

}  // namespace iso::cli
