#include "cli/program.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fmt/core.h>
#include <iostream>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <system_error>

#include "base/duration.h"
#include "base/error.h"
#include "cli/shared/common_options.h"
#include "cli/shared/document.h"
#include "cli/shared/ending.h"
#include "cli/shared/environment.h"
#include "cli/shared/exit_code.h"
#include "cli/shared/help.h"
#include "cli/shared/people.h"
#include "cli/shared/usage.h"

namespace iso::cli {
namespace {

using Words = std::span<const char* const>;

constexpr std::string_view kVersion = "iso " ISO_VERSION "\n";

int printed(std::string_view text) {
  std::cout << text << std::flush;
  return std::cout ? 0 : exit_code(ErrorKind::io);
}

int wrong_usage(const std::string& name, const std::string& why) {
  tell_people(name, why);
  tell_people(name, fmt::format("see {} --help", name));
  return exit_code(ErrorKind::usage);
}

// CLI11 refuses a wrong value of an environment variable up to its version 2.1, and later passes over it as
// if it were unset; this refuses it with every version.
void refuse_wrong_variables(CLI::App& app) {
  for (CLI::App* command : app.get_subcommands()) {
    for (CLI::Option* option : command->get_options()) {
      if (option->get_envname().empty() || option->count() > 0) continue;
      const auto value = process_environment().variable(option->get_envname());
      if (!value) continue;
      option->add_result(*value);
      option->run_callback();
    }
  }
}

int parse_failure(const CLI::App& app, const CLI::ParseError& error, Words words,
                  const Environment& environment) {
  if (error.get_name() == "CallForVersion") return printed(kVersion);
  if (error.get_exit_code() == 0) return printed(app.help());
  const auto chosen = app.get_subcommands();
  const CLI::App& command = chosen.empty() ? app : *chosen.front();
  const std::string name = chosen.empty() ? "iso" : "iso " + command.get_name();
  return wrong_usage(name, usage_fault(command, error, words, environment));
}

bool is_command(std::string_view word) {
  return std::any_of(commands().begin(), commands().end(),
                     [word](const Command& command) { return command.name == word; });
}

int help_about(std::string_view word) {
  const Program program = make_program(Binding::all);
  if (!is_command(word)) return wrong_usage("iso", unknown_command(word));
  return printed(program.app->get_subcommand(std::string(word))->help("iso"));
}

// What iso itself is asked, without a command: the exit status. Nothing if the parser should go on.
std::optional<int> without_command(Words words) {
  const std::string_view first = words.empty() ? "" : words.front();
  if (words.empty()) {
    std::cerr << make_program(Binding::named).app->help();
    return exit_code(ErrorKind::usage);
  }
  if (first == "help" && words.size() > 1) return help_about(words[1]);
  if (first == "help") return printed(make_program(Binding::named).app->help());
  if (first == "version") return printed(kVersion);
  const bool known = is_command(first) || first == "document" || first == "-h" || first == "--help" ||
                     first == "-V" || first == "--version";
  if (known) return std::nullopt;
  return wrong_usage("iso", unknown_command(first));
}

// A time that cannot be read is told with the name of its option.
void check_durations(CLI::App& app) {
  for (CLI::Option* option : app.get_options())
    if (option->get_type_name() == "DUR")
      option->check([](const std::string& text) {
        try {
          (void)parse_duration(text);
          return std::string();
        } catch (const Error& error) {
          return std::string(error.what());
        }
      });
}

int run(const Program& program, Session& session) {
  for (const auto& [app, run] : program.runs) {
    if (!app->parsed()) continue;
    try {
      return exit_code(run(session));
    } catch (const Error& error) {
      tell_people("iso " + app->get_name(), error.what());
      const int signal = session.interrupted.load();  // it ended the wait for what is not to be had
      return signal != 0 && error.kind() == ErrorKind::unavailable ? exit_code(interrupted_by(signal))
                                                                   : exit_code(error.kind());
    }
  }
  return exit_code(ErrorKind::usage);
}

}  // namespace

Program make_program(Binding binding) {
  Program program;
  program.app =
      std::make_unique<CLI::App>("Messages from the command line: confirmed, never lost, as JSON", "iso");
  CLI::App& app = *program.app;
  app.formatter(std::make_shared<Help>());
  app.set_version_flag("-V,--version", "iso " ISO_VERSION, "Show the version and exit");
  app.set_help_flag("-h,--help", "Show this help and exit");
  app.require_subcommand(1);
  app.footer(
      "  iso publish --routing-key orders --body '{\"total\":1}'\n"
      "  iso listen orders --count 1\n"
      "  iso reconcile sent.ndjson arrived.ndjson\n");
  for (const Command& command : commands()) {
    CLI::App* sub = app.add_subcommand(std::string(command.name), std::string(command.summary));
    sub->footer(std::string(command.examples));
    const auto run = std::make_shared<Run>();
    const auto bind = [sub, run, bind_command = command.bind] {
      *run = bind_command(*sub);
      bind_environment_variables(*sub);
      check_durations(*sub);
    };
    if (binding == Binding::all) {
      bind();
    } else {
      sub->preparse_callback([bind](std::size_t) { bind(); });
    }
    program.runs.emplace_back(sub, [run](Session& session) { return (*run)(session); });
  }
  return program;
}

std::vector<std::string> option_variables() {
  std::vector<std::string> names;
  const Program program = make_program(Binding::all);
  for (const auto& [app, run] : program.runs)
    for (const CLI::Option* option : app->get_options())
      if (!option->get_envname().empty() &&
          (option->get_group() != kSharedGroup || option->check_lname("timeout")))
        names.push_back(option->get_envname());
  return names;
}

int run_program(int argc, const char* const* argv, Session& session) {
  try {
    const Words words(argv + 1, argc > 1 ? static_cast<std::size_t>(argc - 1) : 0);
    if (const auto ended = without_command(words)) return *ended;
    const Program program = make_program(Binding::named);
    add_document_command(*program.app);
    try {
      program.app->parse(argc, argv);
      refuse_wrong_variables(*program.app);
    } catch (const CLI::ParseError& error) {
      return parse_failure(*program.app, error, words, session.environment);
    }
    if (const auto what = asked_document(*program.app)) {
      write_document(*what, *make_program(Binding::all).app, std::cout);
      return 0;
    }
    return run(program, session);
  } catch (const std::bad_alloc&) {
    tell_people("iso", "out of memory");
  } catch (const std::exception& error) {
    tell_people("iso", fmt::format("{} (internal error: a bug in iso)", error.what()));
  } catch (...) {
    tell_people("iso", "unknown exception (internal error: a bug in iso)");
  }
  return exit_code(ErrorKind::internal);
}

}  // namespace iso::cli
