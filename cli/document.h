#pragma once

#include <iosfwd>

namespace CLI {
class App;
}

namespace iso {

// Adds the hidden command `iso document WHAT`, where WHAT is bash, zsh, fish, or the name of a command for
// the OPTIONS part of its manual page.
void add_document_command(CLI::App& app);

// Writes what was asked for, made from the parser itself. False if nothing was asked for.
bool write_document(const CLI::App& app, std::ostream& out);

}  // namespace iso
