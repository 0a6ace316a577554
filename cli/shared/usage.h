#pragma once

#include <CLI/CLI.hpp>
#include <span>
#include <string>
#include <string_view>

#include "cli/shared/environment.h"

namespace iso::cli {

// What is wrong with a command line, in our words. `app` is the parser of the command, or of iso; `words` are
// the command line's. A value that came from the environment is named by its variable.
std::string usage_fault(const CLI::App& app, const CLI::ParseError& error, std::span<const char* const> words,
                        const Environment& environment);

// For a first word that is not a command: what may have been meant.
std::string unknown_command(std::string_view word);

}  // namespace iso::cli
