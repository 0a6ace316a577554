#include "cli/shared/entry.h"

#include <CLI/CLI.hpp>
#include <algorithm>

namespace iso::cli {
namespace {

// Where the name of a value ends: before the first colon that is not a part of it.
std::size_t end_of_name(std::string_view type) {
  for (std::size_t colon = 0; (colon = type.find(':', colon)) != type.npos; ++colon)
    if (!type.substr(colon).starts_with(":PORT") && !type.substr(colon).starts_with(":KEY")) return colon;
  return type.size();
}

bool names_a_file(std::string_view value) {
  return value == "FILE" || value == "PATH" || value == "SETTINGS";
}

}  // namespace

std::string check_name(const std::string& type) {
  const std::size_t end = end_of_name(type);
  return end == type.size() ? "" : type.substr(end + 1);
}

std::vector<std::string> choices_in(const std::string& type) {
  const auto open = type.find('{'), close = type.find('}');
  if (open == type.npos || close == type.npos) return {};
  return CLI::detail::split(type.substr(open + 1, close - open - 1), ',');
}

Entry entry_of(const CLI::Option& option) {
  Entry entry;
  for (const auto& name : option.get_snames()) entry.names.push_back("-" + name);
  for (const auto& name : option.get_lnames()) entry.names.push_back("--" + name);
  for (const auto& name : option.get_fnames()) {
    const auto given = std::find(entry.names.begin(), entry.names.end(), "--" + name);
    if (given == entry.names.end()) entry.names.push_back("--" + name);
  }
  const std::string type = option.get_type_name();
  if (option.get_expected_max() != 0) {
    entry.value = type.substr(0, end_of_name(type));
    entry.choices = choices_in(type);
  } else if (type.starts_with('[')) {
    entry.attached = type;
  }
  entry.help = option.get_description();
  entry.otherwise = option.get_default_str();
  entry.variable = option.get_envname();
  entry.takes_file = names_a_file(entry.value);
  return entry;
}

std::vector<Entry> entries(const CLI::App& app, bool positional) {
  std::vector<Entry> all;
  for (const CLI::Option* option : app.get_options())
    if (option->get_positional() == positional) all.push_back(entry_of(*option));
  return all;
}

}  // namespace iso::cli
