#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace iso::cli {

// Help within 80 columns: how a command is called, examples (the footer of its parser), its options. What the
// manual has besides, variables and what excludes what, is left out.
class Help : public CLI::FormatterBase {
 public:
  std::string make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const override;
};

}  // namespace iso::cli
