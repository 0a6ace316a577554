#include "cli/shared/waiting.h"

#include <CLI/CLI.hpp>

namespace iso::cli {

void add_wait_option(CLI::App& app, std::string& wait) {
  app.add_option("--wait", wait, "Try for at most DUR to reach a broker that is still starting")
      ->type_name("DUR");
}

}  // namespace iso::cli
