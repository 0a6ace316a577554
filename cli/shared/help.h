#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace iso::cli {

// Help within 80 columns: synopsis, examples (the footer of the parser) and options. The manual also has
// environment variables and which options exclude each other.
class Help : public CLI::FormatterBase {
 public:
  std::string make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const override;
};

}  // namespace iso::cli
