#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace iso::cli {

// One option or argument, as help, manual and completions show it.
struct Entry {
  std::vector<std::string> names;  // "-u", "--url"; none for a positional argument
  std::string value;               // "URL"; empty for a flag
  std::string attached;            // "[=N]": what may follow a flag
  std::vector<std::string> choices;
  std::string help, otherwise, variable;
  bool takes_file = false;
};

Entry entry_of(const CLI::Option& option);
std::vector<Entry> entries(const CLI::App& app, bool positional);

// The name of the check that CLI11 appends to the name of a value: "POSITIVE" in "N:POSITIVE", nothing in
// "NAME=HOST:PORT".
std::string check_name(const std::string& type);

// The values in "FORM:{json,lines}"; empty for any other type.
std::vector<std::string> choices_in(const std::string& type);

}  // namespace iso::cli
