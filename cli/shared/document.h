#pragma once

#include <iosfwd>
#include <optional>
#include <string>

namespace CLI {
class App;
}

namespace iso::cli {

// Adds the hidden command `iso document WHAT`, where WHAT is bash, zsh, fish, or the name of a command for
// the OPTIONS part of its manual page.
void add_document_command(CLI::App& app);

// The WHAT, if the command line that `app` has parsed is for this command.
std::optional<std::string> asked_document(const CLI::App& app);

// Writes it, from a parser that has the options of all commands.
void write_document(const std::string& what, const CLI::App& app, std::ostream& out);

}  // namespace iso::cli
