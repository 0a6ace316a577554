#include "cli/shared/document.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fmt/core.h>
#include <ostream>
#include <sstream>
#include <string>
#include <vector>

#include "base/text.h"
#include "cli/shared/command.h"
#include "cli/shared/entry.h"

namespace iso::cli {
namespace {

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  for (std::size_t at = 0; (at = text.find(what, at)) != text.npos; at += with.size())
    text.replace(at, what.size(), with);
  return text;
}

std::vector<const CLI::App*> visible_commands(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App* sub) { return !sub->get_group().empty(); });
}

std::string all_names(const CLI::App& app) {
  std::string names;
  for (const Entry& entry : entries(app, false))
    for (const auto& name : entry.names) names += (names.empty() ? "" : " ") + name;
  return names;
}

void write_bash(const CLI::App& app, std::ostream& out) {
  std::string commands;
  for (const CLI::App* sub : visible_commands(app)) commands += sub->get_name() + " ";
  out << "# bash completion for iso; written by: iso document bash\n"
         "_iso_files() {\n"
         "  compopt -o filenames 2>/dev/null\n"
         "  mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
         "}\n"
         "_iso() {\n"
         "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]}\n"
         "  COMPREPLY=()\n"
         "  if ((COMP_CWORD == 1)); then\n"
      << fmt::format("    mapfile -t COMPREPLY < <(compgen -W '{}{}' -- \"$cur\")\n", commands,
                     all_names(app))
      << "    return\n"
         "  fi\n"
         "  case $command:$prev in\n";
  std::string files, nothing;  // options whose value is a file, and those whose value only the user knows
  for (const CLI::App* sub : visible_commands(app))
    for (const Entry& entry : entries(*sub, false)) {
      if (entry.value.empty()) continue;
      std::string pattern;
      for (const auto& name : entry.names)
        pattern += fmt::format("{}{}:{}", pattern.empty() ? "" : "|", sub->get_name(), name);
      if (entry.choices.empty()) {
        std::string& list = entry.takes_file ? files : nothing;
        list += (list.empty() ? "    " : "|\\\n    ") + pattern;
      } else {
        out << fmt::format(
            "    {})\n      mapfile -t COMPREPLY < <(compgen -W '{}' -- \"$cur\")\n      return\n      ;;\n",
            pattern, join(entry.choices, " "));
      }
    }
  out << files << ")\n      _iso_files\n      return\n      ;;\n" << nothing << ")\n      return\n      ;;\n";
  out << "  esac\n"
         "  if [[ $cur != -* ]]; then\n"
         "    _iso_files\n"
         "    return\n"
         "  fi\n"
         "  case $command in\n";
  for (const CLI::App* sub : visible_commands(app))
    out << fmt::format("    {}) mapfile -t COMPREPLY < <(compgen -W '{}' -- \"$cur\") ;;\n", sub->get_name(),
                       all_names(*sub));
  out << "  esac\n"
         "}\n"
         "complete -F _iso iso\n";
}

std::string zsh_text(std::string text) {
  text = replaced(std::move(text), "'", "'\\''");
  text = replaced(std::move(text), "[", "\\[");
  text = replaced(std::move(text), "]", "\\]");
  return replaced(std::move(text), ":", "\\:");
}

std::string zsh_action(const Entry& entry) {
  if (entry.takes_file) return "_files";
  if (!entry.choices.empty()) return fmt::format("({})", join(entry.choices, " "));
  return " ";
}

void write_zsh_options(const CLI::App& app, std::ostream& out) {
  for (const Entry& entry : entries(app, false))
    for (const auto& name : entry.names) {
      out << fmt::format("        '*{}{}[{}]", name,
                         !entry.value.empty() && name.starts_with("--") ? "=" : "", zsh_text(entry.help));
      if (!entry.value.empty()) out << fmt::format(":{}:{}", zsh_text(entry.value), zsh_action(entry));
      out << "' \\\n";
    }
  for (const Entry& entry : entries(app, true))
    out << fmt::format("        ':{}:{}' \\\n", zsh_text(entry.value), zsh_action(entry));
  out << "        && return\n";
}

void write_zsh(const CLI::App& app, std::ostream& out) {
  out << "#compdef iso\n"
         "# zsh completion for iso; written by: iso document zsh\n"
         "_iso() {\n"
         "  local -a subcommands=(\n";
  for (const CLI::App* sub : visible_commands(app))
    out << fmt::format("    '{}:{}'\n", sub->get_name(), zsh_text(sub->get_description()));
  out << "  )\n"
         "  if (( CURRENT == 2 )); then\n"
         "    _describe -t commands 'command' subcommands\n"
      << fmt::format("    compadd -- {}\n", all_names(app))
      << "    return\n"
         "  fi\n"
         "  local subcommand=$words[2]\n"
         "  shift words\n"
         "  (( CURRENT-- ))\n"
         "  case $subcommand in\n";
  for (const CLI::App* sub : visible_commands(app)) {
    out << fmt::format("    {})\n      _arguments -s \\\n", sub->get_name());
    write_zsh_options(*sub, out);
    out << "      ;;\n";
  }
  out << "  esac\n"
         "}\n"
         "_iso \"$@\"\n";
}

std::string fish_text(std::string text) {
  return replaced(replaced(std::move(text), "\\", "\\\\"), "'", "\\'");
}

void write_fish(const CLI::App& app, std::ostream& out) {
  out << "# fish completion for iso; written by: iso document fish\n"
         "complete -c iso -n __fish_use_subcommand -f\n";
  for (const Entry& entry : entries(app, false))
    for (const auto& name : entry.names)
      out << fmt::format("complete -c iso -n __fish_use_subcommand {} {} -d '{}'\n",
                         name.starts_with("--") ? "-l" : "-s", name.substr(name.find_first_not_of('-')),
                         fish_text(entry.help));
  for (const CLI::App* sub : visible_commands(app))
    out << fmt::format("complete -c iso -n __fish_use_subcommand -a {} -d '{}'\n", sub->get_name(),
                       fish_text(sub->get_description()));
  for (const CLI::App* sub : visible_commands(app))
    for (const Entry& entry : entries(*sub, false)) {
      out << fmt::format("complete -c iso -n '__fish_seen_subcommand_from {}'", sub->get_name());
      for (const auto& name : entry.names)
        out << fmt::format(" {} {}", name.starts_with("--") ? "-l" : "-s",
                           name.substr(name.find_first_not_of('-')));
      if (!entry.value.empty()) out << (entry.takes_file ? " -r -F" : " -x");
      if (!entry.choices.empty()) out << fmt::format(" -a '{}'", join(entry.choices, " "));
      out << fmt::format(" -d '{}'\n", fish_text(entry.help));
    }
}

std::string roff(std::string text) {
  text = replaced(std::move(text), "\\", "\\e");
  text = replaced(std::move(text), "-", "\\-");
  text = replaced(std::move(text), "…", "...");
  return text.starts_with('.') || text.starts_with('\'') ? "\\&" + text : text;
}

void write_man_entry(const Entry& entry, std::ostream& out) {
  out << ".TP\n";
  if (entry.names.empty()) {
    out << fmt::format("\\fI{}\\fR\n", roff(entry.value));
  } else {
    std::string names;
    for (const auto& name : entry.names)
      names += fmt::format("{}\\fB{}\\fR", names.empty() ? "" : ", ", roff(name));
    out << names;
    if (!entry.value.empty()) out << fmt::format(" \\fI{}\\fR", roff(entry.value));
    if (!entry.attached.empty()) out << fmt::format("\\fI{}\\fR", roff(entry.attached));
    out << "\n";
  }
  out << roff(entry.help) << ".\n";
  if (!entry.choices.empty()) out << fmt::format("One of {}.\n", roff(join(entry.choices, ", ")));
  if (!entry.otherwise.empty()) out << fmt::format("Default: {}.\n", roff(entry.otherwise));
  if (!entry.variable.empty()) out << fmt::format("Environment: {}.\n", entry.variable);
}

void write_man_options(const CLI::App& app, std::ostream& out) {
  for (const Entry& entry : entries(app, true)) write_man_entry(entry, out);
  for (const auto& group : app.get_groups()) {
    if (group != "Options" && !group.empty()) out << fmt::format(".SS {}\n", group);
    for (const CLI::Option* option : app.get_options())
      if (!option->get_positional() && option->get_group() == group) write_man_entry(entry_of(*option), out);
  }
}

}  // namespace

void add_document_command(CLI::App& app) {
  CLI::App* command = app.add_subcommand("document", "Write completions and manual pages from the parser");
  command->group("");
  command->add_option("what")->required();
}

std::optional<std::string> asked_document(const CLI::App& app) {
  const CLI::App* command = app.get_subcommand("document");
  if (!command->parsed()) return std::nullopt;
  return command->get_option("what")->as<std::string>();
}

void write_document(const std::string& what, const CLI::App& app, std::ostream& out) {
  if (what == "bash") {
    write_bash(app, out);
  } else if (what == "zsh") {
    write_zsh(app, out);
  } else if (what == "fish") {
    write_fish(app, out);
  } else {
    write_man_options(*app.get_subcommand(what), out);
  }
}

}  // namespace iso::cli
