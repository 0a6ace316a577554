#include "base/words.h"

#include <fmt/core.h>
#include <optional>
#include <utility>

#include "base/error.h"

namespace iso {

std::vector<std::string> split_words(std::string_view line) {
  const auto bad = [&](const char* why) { return Error(ErrorKind::usage, fmt::format("{}: {}", line, why)); };
  std::vector<std::string> words;
  std::optional<std::string> word;
  char quote = '\0';
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    const bool escapes = c == '\\' && quote != '\'';
    if (quote == '\0' && (c == ' ' || c == '\t' || c == '\n')) {
      if (word) words.push_back(*std::exchange(word, std::nullopt));
    } else if (c == quote) {
      quote = '\0';
    } else if (quote == '\0' && (c == '\'' || c == '"')) {
      quote = c;
      word = word.value_or("");
    } else if (escapes && i + 1 == line.size()) {
      throw bad("there is nothing after the last \\");
    } else if (escapes && (quote == '\0' || line[i + 1] == '"' || line[i + 1] == '\\')) {
      word = word.value_or("") + line[++i];
    } else {
      word = word.value_or("") + c;
    }
  }
  if (quote != '\0') throw bad("a quote is not closed");
  if (word) words.push_back(*word);
  if (words.empty()) throw bad("it contains no command");
  return words;
}

}  // namespace iso
