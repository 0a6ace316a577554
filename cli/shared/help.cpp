#include "cli/shared/help.h"

#include <algorithm>
#include <fmt/core.h>
#include <string_view>

#include "base/text.h"
#include "cli/shared/entry.h"

namespace iso::cli {
namespace {

constexpr std::size_t kColumns = 80, kIndent = 28;

// The text in lines that end before the 80th column; all but the first are indented.
std::string wrapped(std::string_view text) {
  std::string out;
  std::size_t column = kIndent;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    if (column > kIndent && column + 1 + word.size() >= kColumns) {
      out += '\n' + std::string(kIndent, ' ');
      column = kIndent;
    } else if (column > kIndent) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
    text.remove_prefix(std::min(text.size(), word.size() + 1));
  }
  return out + '\n';
}

// A row of two columns; what is too long for the first has a line of its own.
std::string row(std::string left, std::string_view right) {
  if (left.size() + 2 > kIndent) return left + '\n' + std::string(kIndent, ' ') + wrapped(right);
  left.resize(kIndent, ' ');
  return left + wrapped(right);
}

std::string left_of(const Entry& entry) {
  if (entry.names.empty()) return "  " + entry.value;
  const bool is_short = entry.names.front().size() == 2;
  std::string left = (is_short ? "  " : "      ") + join(entry.names, ", ");
  if (!entry.value.empty()) left += ' ' + entry.value;
  return left + entry.attached;
}

std::string right_of(const Entry& entry) {
  std::string right = entry.help;
  if (!entry.choices.empty() && right.find(entry.choices.front()) == right.npos)
    right += fmt::format("; one of {}", join(entry.choices, ", "));
  if (!entry.otherwise.empty()) right += fmt::format(" (default: {})", entry.otherwise);
  return right;
}

std::string options_of(const CLI::App& app, const std::string& group) {
  std::string out;
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_positional() || option->get_group() != group) continue;
    const Entry entry = entry_of(*option);
    out += row(left_of(entry), right_of(entry));
  }
  return out;
}

// " [QUEUE]", or " LEFT RIGHT" where they are needed.
std::string arguments_in_usage(const CLI::App& app) {
  std::string out;
  for (const CLI::Option* option : app.get_options()) {
    if (!option->get_positional()) continue;
    const std::string value = entry_of(*option).value;
    out += option->get_required() ? " " + value : " [" + value + "]";
  }
  return out;
}

std::string commands_of(const CLI::App& app) {
  std::string out;
  for (const CLI::App* sub :
       app.get_subcommands([](const CLI::App* one) { return !one->get_group().empty(); }))
    out += row("  " + sub->get_name(), sub->get_description());
  return out;
}

}  // namespace

std::string Help::make_help(const CLI::App* app, std::string name, CLI::AppFormatMode) const {
  const std::string commands = commands_of(*app);
  std::string out =
      fmt::format("Usage: {}{} [OPTION]...\n{}.\n", name,
                  commands.empty() ? arguments_in_usage(*app) : " COMMAND", app->get_description());
  if (!app->get_footer().empty()) out += "\nExamples:\n" + app->get_footer();
  if (!commands.empty()) out += "\nCommands:\n" + commands;
  std::string arguments;
  for (const Entry& entry : entries(*app, true)) arguments += row(left_of(entry), right_of(entry));
  if (!arguments.empty()) out += "\nArguments:\n" + arguments;
  for (const auto& group : app->get_groups()) {
    if (group.empty()) continue;
    const std::string options = options_of(*app, group);
    if (!options.empty()) out += fmt::format("\n{}:\n{}", group, options);
  }
  if (!commands.empty())
    return out + "\niso help COMMAND shows the options of a command. The manual: man iso.\n";
  return out + "\nThe manual: man " + CLI::detail::find_and_replace(name, " ", "-") + ".\n";
}

}  // namespace iso::cli
