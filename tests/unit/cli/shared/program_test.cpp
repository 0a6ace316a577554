#include "cli/program.h"

#include <doctest/doctest.h>
#include <set>

#include "cli/shared/common_options.h"

using namespace iso;
using namespace iso::cli;

TEST_CASE("program: every command, option and argument says what it is for") {
  const Program program = make_program(Binding::all);
  CHECK(program.runs.size() == commands().size());
  for (const auto& entry : program.runs) {
    const CLI::App* app = entry.first;
    CAPTURE(app->get_name());
    CHECK_FALSE(app->get_description().empty());
    for (const CLI::Option* option : app->get_options()) {
      CAPTURE(option->get_name());
      CHECK_FALSE(option->get_description().empty());
      CHECK(option->get_description().back() != '.');
    }
  }
}

TEST_CASE("program: every long option has its twin in the environment, but for the record's own fields") {
  const Program program = make_program(Binding::all);
  for (const auto& [app, run] : program.runs)
    for (const CLI::Option* option : app->get_options()) {
      if (option->get_lnames().empty() || option->get_lnames().front() == "help") continue;
      CAPTURE(option->get_name());
      if (option->get_group() == kRecordGroup) {
        CHECK(option->get_envname().empty());
      } else {
        const bool is_field = option->get_name() == "--offset";  // in a handler ISO_OFFSET is the message's
        CHECK(option->get_envname().starts_with("ISO_") != is_field);
        CHECK(option->get_envname().find('-') == std::string::npos);
      }
    }
}

TEST_CASE("program: the shared options are the same in every command") {
  const Program program = make_program(Binding::all);
  for (const auto& [app, run] : program.runs) {
    for (const char* name : {"--timeout", "--quiet", "--verbose", "--color", "--progress"}) {
      CAPTURE(name);
      CHECK(app->get_option_no_throw(name) != nullptr);
    }
    if (app->get_name() == "fetch" || app->get_name() == "reconcile")
      continue;  // an origin is no end; two are many
    for (const char* name : {"--url", "--context", "--password-file"}) {
      CAPTURE(name);
      CHECK(app->get_option_no_throw(name) != nullptr);
    }
  }
}

TEST_CASE("program: no options are bound but those of the command that the command line names") {
  const Program program = make_program(Binding::named);
  const char* words[] = {"iso", "publish", "listen"};
  program.app->parse(3, words);
  for (const auto& entry : program.runs) {
    const CLI::App* app = entry.first;
    CAPTURE(app->get_name());
    CHECK((app->get_option_no_throw("--url") != nullptr) == (app->get_name() == "publish"));
  }
}
