#include "cli/shared/usage.h"

#include <algorithm>
#include <fmt/core.h>
#include <vector>

#include "base/suggest.h"
#include "base/text.h"
#include "cli/shared/command.h"
#include "cli/shared/entry.h"

namespace iso::cli {
namespace {

// What other tools call it.
struct Habit {
  std::string_view word, command;
};
constexpr Habit kHabits[] = {
    {"send", "publish"},
    {"pub", "publish"},
    {"put", "publish"},
    {"produce", "publish"},
    {"relay", "publish --from END"},
    {"replay", "publish --from END"},
    {"shovel", "publish --from END"},
    {"consume", "listen"},
    {"receive", "listen"},
    {"sub", "listen"},
    {"subscribe", "listen"},
    {"tail", "listen"},
    {"get", "listen QUEUE --count 1"},
    {"peek", "listen QUEUE --peek"},
    {"browse", "listen QUEUE --peek"},
    {"curl", "fetch"},
    {"diff", "reconcile"},
    {"compare", "reconcile"},
};

std::string in_quotes(std::string_view text) {
  return fmt::format("\"{}\"", text);
}

// The option that a text of the parser is about.
const CLI::Option* option_in(const CLI::App& app, std::string_view text) {
  while (!text.empty()) {
    const auto end = text.find_first_of(" :,=");
    const std::string word(text.substr(0, end));
    if (word.starts_with('-'))
      if (const CLI::Option* option = app.get_option_no_throw(word)) return option;
    text = end == text.npos ? "" : text.substr(end + 1);
  }
  return nullptr;
}

// What stands on the command line for an option whose results the parser has dropped.
std::string typed_value(const CLI::Option& option, std::span<const char* const> words) {
  for (const auto& name : entry_of(option).names)
    for (std::size_t i = 0; i < words.size(); ++i) {
      const std::string_view word = words[i];
      if (word == name && i + 1 < words.size()) return words[i + 1];
      if (word.starts_with(name + "=")) return std::string(word.substr(name.size() + 1));
    }
  return "";
}

bool is_typed(const CLI::Option& option, std::span<const char* const> words) {
  for (const auto& name : entry_of(option).names)
    for (const std::string_view word : words)
      if (word == name || word.starts_with(name + "=") ||
          (name.size() == 2 && word.size() > 2 && word.starts_with(name)))
        return true;
  return false;
}

class Faults {
 public:
  Faults(const CLI::App& app, std::span<const char* const> words, const Environment& environment)
      : app_(app), words_(words), environment_(environment) {}

  std::string of(const CLI::ParseError& error) const {
    const std::string kind = error.get_name(), text = error.what();
    if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ExtrasError)) return unexpected();
    const CLI::Option* option = option_in(app_, text);
    if (kind == "RequiredError") return missing();
    if (!option) return text;
    if (kind == "ExcludesError" || kind == "RequiresError")
      return pair(*option, text, kind == "ExcludesError");
    if (kind == "ArgumentMismatch") return mismatch(*option);
    return value(*option, text);
  }

 private:
  bool is_set_outside(const CLI::Option& option) const {
    return !option.get_envname().empty() && environment_.variable(option.get_envname()) &&
           !is_typed(option, words_);
  }

  std::string name(const CLI::Option& option) const {
    return is_set_outside(option) ? option.get_envname() : option.get_name();
  }

  std::string unexpected() const {
    const auto extras = app_.remaining(true);
    if (extras.empty()) return "too many arguments";
    const std::string word = extras.front().substr(0, extras.front().find('='));
    if (!word.starts_with('-')) return fmt::format("unexpected argument {}", in_quotes(word));
    std::vector<std::string> names;
    for (const Entry& entry : entries(app_, false))
      names.insert(names.end(), entry.names.begin(), entry.names.end());
    const std::vector<std::string_view> known(names.begin(), names.end());
    const auto meant = nearest(word, known);
    return fmt::format("unknown option {}{}", word,
                       meant.empty() ? "" : fmt::format("; did you mean {}?", meant));
  }

  std::string missing() const {
    std::string names;
    for (const CLI::Option* option : app_.get_options())
      if (option->get_required() && option->count() == 0)
        names += (names.empty() ? "" : " and ") + entry_of(*option).value;
    return fmt::format("{} missing", names.empty()
                                         ? "an argument is"
                                         : names + (names.find(' ') == names.npos ? " is" : " are"));
  }

  std::string pair(const CLI::Option& first, const std::string& text, bool excludes) const {
    const std::string_view middle = excludes ? " excludes " : " requires ";
    const auto at = text.find(middle);
    const CLI::Option* second =
        at == text.npos ? nullptr : option_in(app_, std::string_view(text).substr(at + middle.size()));
    if (!second) return text;
    return excludes ? fmt::format("{} cannot be combined with {}", name(first), name(*second))
                    : fmt::format("{} needs {}", name(first), second->get_name());
  }

  std::string mismatch(const CLI::Option& option) const {
    const Entry entry = entry_of(option);
    if (entry.value.empty()) return name(option) + " takes no value";
    return option.count() > 1 ? name(option) + " is given more than once"
                              : fmt::format("{} needs a value: {}", name(option), entry.value);
  }

  // A value that its check, or the conversion to a number, refused.
  std::string value(const CLI::Option& option, const std::string& text) const {
    const std::string type = option.get_type_name(), check = check_name(type);
    const auto choices = choices_in(type);
    const auto& given = option.results();
    if (!choices.empty()) {
      const auto wrong = std::find_if(given.begin(), given.end(), [&](const std::string& one) {
        return std::find(choices.begin(), choices.end(), one) == choices.end();
      });
      const std::string word = wrong == given.end() ? typed_value(option, words_) : *wrong;
      const auto meant = nearest(word, std::vector<std::string_view>(choices.begin(), choices.end()));
      return fmt::format("{}: one of {}; not {}{}", name(option), join(choices, ", "), in_quotes(word),
                         meant.empty() ? "" : fmt::format("; did you mean {}?", meant));
    }
    const std::string is_not = fmt::format(
        "{}: {} is not ", name(option),
        in_quotes(given.empty() || given.front().empty() ? typed_value(option, words_) : given.front()));
    const Entry entry = entry_of(option);
    if (entry.value.empty() && entry.attached.empty()) return name(option) + " takes no value";
    if (option.get_name() == "--rate") return is_not + "a number above 0";
    if (check == "POSITIVE") return is_not + "a whole number of 1 or more";
    if (const auto range = check.find(" in ["); range != check.npos) {
      std::string bounds = check.substr(range + 5, check.size() - range - 6);
      return is_not + "a whole number from " + CLI::detail::find_and_replace(bounds, " - ", " to ");
    }
    if (type == "SIZE" && text.find("at least") == text.npos && text.find("at most") == text.npos)
      return is_not + "a size such as 256MiB";
    if (type == "N" && text.starts_with("Could not convert")) return is_not + "a whole number";
    // A check of our own has said it.
    const std::string own = option.get_name() + ": ";
    return text.starts_with(own) ? name(option) + ": " + text.substr(own.size()) : text;
  }

  const CLI::App& app_;
  std::span<const char* const> words_;
  const Environment& environment_;
};

}  // namespace

std::string usage_fault(const CLI::App& app, const CLI::ParseError& error, std::span<const char* const> words,
                        const Environment& environment) {
  return Faults(app, words, environment).of(error);
}

std::string unknown_command(std::string_view word) {
  if (word.starts_with('-'))
    return fmt::format("{}: options follow the command, as in iso publish {}", word, word);
  std::string text = fmt::format("no command {}", in_quotes(word));
  for (const Habit& habit : kHabits)
    if (habit.word == word) return text + fmt::format("; use iso {}", habit.command);
  std::vector<std::string_view> known;
  for (const Command& command : commands()) known.push_back(command.name);
  const auto meant = nearest(word, known);
  return text + (meant.empty() ? fmt::format("; there are {}", join(known, ", "))
                               : fmt::format("; did you mean {}?", meant));
}

}  // namespace iso::cli
