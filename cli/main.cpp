#include <CLI/CLI.hpp>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>
#include <unistd.h>

#include "base/error.h"
#include "cli/program.h"
#include "cli/shared/command.h"
#include "cli/shared/common_options.h"
#include "cli/shared/document.h"
#include "cli/shared/exit_code.h"

namespace {

std::atomic<int> interrupted{0};
static_assert(std::atomic<int>::is_always_lock_free);  // or a signal handler may not touch it

// The first signal asks for draining; SA_RESETHAND lets a second one end the process at once.
void catch_signals() {
  struct sigaction action {};
  action.sa_handler = [](int signal) { interrupted.store(signal); };
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  (void)std::signal(SIGPIPE, SIG_IGN);  // a reader that left is seen as EPIPE
}

// All of ours has ended by now, in its own scope. What a return would run besides are the destructors of the
// libraries, forty of them after one request over HTTP: a twentieth of the time that a fetch takes.
[[noreturn]] void leave(int code) {
  std::cout.flush();
  std::fflush(nullptr);
#ifdef ISO_RETURN_AT_END  // for tools that write their findings after main
  std::exit(code);
#else
  _exit(code);
#endif
}

}  // namespace

int main(int argc, char** argv) {
  catch_signals();
  iso::cli::Session session{iso::cli::process_environment(), interrupted};
  leave(iso::cli::run_program(argc, argv, session));
}
