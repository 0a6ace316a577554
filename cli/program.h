#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <vector>

#include "cli/command.h"

namespace iso {

// The whole command line: one subcommand for each of commands(), every option bound, nothing run.
struct Program {
  std::unique_ptr<CLI::App> app;
  std::vector<std::pair<CLI::App*, Run>> runs;
};
Program make_program();

// Parses, runs and turns how it ended into the exit status. The last catch.
int run_program(int argc, const char* const* argv, Session& session);

}  // namespace iso
