#include "cli/program.h"

#include <CLI/CLI.hpp>
#include <fmt/core.h>
#include <iostream>
#include <new>
#include <string>
#include <system_error>

#include "base/error.h"
#include "cli/shared/common_options.h"
#include "cli/shared/document.h"
#include "cli/shared/ending.h"
#include "cli/shared/environment.h"
#include "cli/shared/exit_code.h"
#include "cli/shared/people.h"

namespace iso::cli {
namespace {

int parse_failure(const CLI::App& app, const CLI::ParseError& error) {
  if (error.get_exit_code() == 0) {  // --help and --version
    app.exit(error, std::cout, std::cerr);
    std::cout.flush();
    return std::cout ? 0 : exit_code(ErrorKind::io);
  }
  const auto chosen = app.get_subcommands();
  const std::string name = chosen.empty() ? "iso" : "iso " + chosen.front()->get_name();
  tell_people(name, error.what());
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
  app.set_version_flag("--version", "iso " ISO_VERSION, "Show the version and exit");
  app.set_help_flag("-h,--help", "Show this help and exit");
  app.require_subcommand(1);
  app.footer("man iso tells the rest. Exit status: 0 done, 1 the answer is no, 64 to 78 what went wrong.");
  for (const Command& command : commands()) {
    CLI::App* sub = app.add_subcommand(std::string(command.name), std::string(command.summary));
    const auto run = std::make_shared<Run>();
    const auto bind = [sub, run, bind_command = command.bind] {
      *run = bind_command(*sub);
      bind_environment_variables(*sub);
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
    const Program program = make_program(Binding::named);
    add_document_command(*program.app);
    try {
      program.app->parse(argc, argv);
      refuse_wrong_variables(*program.app);
    } catch (const CLI::ParseError& error) {
      return parse_failure(*program.app, error);
    }
    if (const auto what = asked_document(*program.app)) {
      write_document(*what, *make_program(Binding::all).app, std::cout);
      return 0;
    }
    return run(program, session);
  } catch (const std::bad_alloc&) {
    tell_people("iso", "out of memory");
  } catch (const std::exception& error) {
    tell_people("iso", fmt::format("{} (a fault of ours)", error.what()));
  } catch (...) {
    tell_people("iso", "stopped by an unknown exception (a fault of ours)");
  }
  return exit_code(ErrorKind::internal);
}

}  // namespace iso::cli
