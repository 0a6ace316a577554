#include "cli/shared/usage.h"

#include <doctest/doctest.h>
#include <map>
#include <sstream>

#include "cli/program.h"

using namespace iso;
using namespace iso::cli;

namespace {

class FakeEnvironment : public Environment {
 public:
  std::map<std::string, std::string> variables;

  std::optional<std::string> variable(const std::string& name) const override {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  }
  std::vector<std::string> all() const override { return {}; }
  bool is_terminal(int) const override { return false; }
};

std::string fault_of(std::vector<const char*> words, const FakeEnvironment& environment = {}) {
  for (const auto& [name, value] : environment.variables) setenv(name.c_str(), value.c_str(), 1);
  const Program program = make_program(Binding::named);
  std::string fault;
  try {
    std::vector<const char*> all{"iso"};
    all.insert(all.end(), words.begin(), words.end());
    program.app->parse(static_cast<int>(all.size()), all.data());
  } catch (const CLI::ParseError& error) {
    const auto chosen = program.app->get_subcommands();
    fault = usage_fault(chosen.empty() ? *program.app : *chosen.front(), error, words, environment);
  }
  for (const auto& [name, value] : environment.variables) unsetenv(name.c_str());
  return fault;
}

}  // namespace

TEST_CASE("usage: what is wrong with a command line is said in our words") {
  const struct {
    std::vector<const char*> words;
    const char* fault;
  } rows[] = {
      {{"publish", "--exchnage", "shop"}, "unknown option --exchnage; did you mean --exchange?"},
      {{"publish", "--exchnage=shop"}, "unknown option --exchnage; did you mean --exchange?"},
      {{"publish", "--zzzzzz"}, "unknown option --zzzzzz"},
      {{"publish", "one", "two"}, "unexpected argument \"two\""},
      {{"publish", "--count", "x"}, "--count: \"x\" is not a whole number of 1 or more"},
      {{"publish", "--count", "-1"}, "--count: \"-1\" is not a whole number of 1 or more"},
      {{"publish", "--count", "1.5"}, "--count: \"1.5\" is not a whole number of 1 or more"},
      {{"publish", "--rate", "fast"}, "--rate: \"fast\" is not a number above 0"},
      {{"publish", "--window", "0"}, "--window: \"0\" is not a whole number from 1 to 65535"},
      {{"publish", "--count"}, "--count needs a value: N"},
      {{"publish", "--await-replies=none"}, "--await-replies: \"none\" is not a number of replies"},
      {{"publish", "--in", "josn"},
       "--in: one of json, lines, whole, records; not \"josn\"; did you mean json?"},
      {{"publish", "--color", "blue"}, "--color: one of auto, always, never; not \"blue\""},
      {{"publish", "--body", "1", "--file", "a"}, "--body cannot be combined with --file"},
      {{"publish", "--follow"}, "--follow needs --from"},
      {{"listen", "q", "--idle", "soon"},
       "--idle: \"soon\" is not a duration: say 250ms, 5s, 1.5m, 2h or 7d"},
      {{"fetch", "http://x", "--retries", "x"}, "--retries: \"x\" is not a whole number"},
      {{"reconcile", "a"}, "RIGHT is missing"},
      {{"reconcile"}, "LEFT and RIGHT are missing"},
      {{"reconcile", "a", "b", "--memory", "much"}, "--memory: \"much\" is not a size such as 256MiB"},
      {{"reconcile", "a", "b", "--memory", "1"}, "--memory: at least 32MiB"},
  };
  for (const auto& row : rows) {
    const std::string wanted = row.fault;
    CAPTURE(wanted);
    CHECK(fault_of(row.words) == wanted);
  }
}

TEST_CASE("usage: a value from the environment is named by its variable, one that was typed is not") {
  FakeEnvironment environment;
  environment.variables = {{"ISO_COUNT", "x"}};
  CHECK(fault_of({"publish"}, environment) == "ISO_COUNT: \"x\" is not a whole number of 1 or more");
  CHECK(fault_of({"publish", "--count", "y"}, environment) ==
        "--count: \"y\" is not a whole number of 1 or more");
}

TEST_CASE("usage: a word that is no command names the one that is meant") {
  CHECK(unknown_command("publsih") == "no command \"publsih\"; did you mean publish?");
  CHECK(unknown_command("send") == "no command \"send\"; use iso publish");
  CHECK(unknown_command("peek") == "no command \"peek\"; use iso listen QUEUE --peek");
  CHECK(unknown_command("zzzzzz").starts_with("no command \"zzzzzz\"; there are publish, listen, "));
  CHECK(unknown_command("--url") == "--url: options follow the command, as in iso publish --url");
}

TEST_CASE("help: no line is longer than 80 columns, and what is only the manual's is not there") {
  const Program program = make_program(Binding::all);
  std::vector<std::string> texts{program.app->help()};
  for (const auto& entry : program.runs) texts.push_back(entry.first->help("iso"));
  for (const auto& text : texts) {
    CHECK(text.find("Examples:\n  iso ") != text.npos);
    for (const char* alien : {"Env:", "ISO_COLOR", "Excludes", "Needs:", "POSITIVE", "INT in"}) {
      CAPTURE(alien);
      CHECK(text.find(alien) == text.npos);
    }
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      CAPTURE(line);
      CHECK(line.size() <= 80);
    }
  }
  CHECK(texts[1].starts_with("Usage: iso publish [SETTINGS] [OPTION]...\n"));
}
