#pragma once

#include <CLI/CLI.hpp>
#include <span>
#include <string>
#include <string_view>

#include "cli/shared/environment.h"

namespace iso::cli {

// What is wrong with a command line, in iso's own words. `app` is the parser of the command, or of iso;
// `words` are those of the command line. If a value came from the environment, the text names the variable.
std::string usage_fault(const CLI::App& app, const CLI::ParseError& error, std::span<const char* const> words,
                        const Environment& environment);

// For a first word that is not a command: what may have been meant.
std::string unknown_command(std::string_view word);

}  // namespace iso::cli
