#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/secrets.h"
#include "base/stop_signal.h"
#include "cli/program.h"
#include "cli/shared/command.h"
#include "cli/shared/common_options.h"
#include "cli/shared/document.h"
#include "cli/shared/exit_code.h"

namespace {

void catch_signal(int signal, int flags) {
  struct sigaction action {};
  action.sa_handler = [](int caught) { iso::stop_signal.store(caught); };
  action.sa_flags = flags;
  sigaction(signal, &action, nullptr);
}

// The first signal asks for draining; SA_RESETHAND lets a second one end the process at once. A terminal that
// goes away may say so twice, to the shell that passes it on and to us: SIGHUP never ends the process at
// once.
void catch_signals() {
  catch_signal(SIGINT, static_cast<int>(SA_RESETHAND));
  catch_signal(SIGTERM, static_cast<int>(SA_RESETHAND));
  struct sigaction hangup {};
  sigaction(SIGHUP, nullptr, &hangup);
  if (hangup.sa_handler != SIG_IGN) catch_signal(SIGHUP, 0);  // nohup
  (void)std::signal(SIGPIPE, SIG_IGN);                        // a reader that left is seen as EPIPE
  (void)std::signal(SIGXFSZ, SIG_IGN);                        // a file that may not grow as EFBIG
}

// Nothing that escapes, such as memory that a destructor does not get, shall leave a core behind.
[[noreturn]] void end_at_once() {
  constexpr std::string_view kText = "iso: out of memory, or an internal error\n";
  (void)!write(STDERR_FILENO, kText.data(), kText.size());
  _exit(iso::cli::exit_code(iso::ErrorKind::internal));
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

// What is secret in the command line is in /proc/PID/cmdline for every user of the machine to read until it
// is overwritten there. Gives the words as they were.
std::vector<std::string> take_arguments(int argc, char** argv) {
  std::vector<std::string> words(argv, argv + argc);
  for (int i = 1; i < argc; ++i) {
    const std::string& word = words[static_cast<std::size_t>(i)];
    if (const std::string shown = iso::without_secrets(word); shown != word)
      std::fill(std::copy_n(shown.begin(), std::min(shown.size(), word.size()), argv[i]),
                argv[i] + word.size(), '*');
  }
  return words;
}

}  // namespace

int main(int argc, char** argv) {
  std::set_terminate(end_at_once);
  iso::hold_standard_descriptors();
  catch_signals();
  const std::vector<std::string> words = take_arguments(argc, argv);
  std::vector<const char*> arguments;
  for (const auto& word : words) arguments.push_back(word.c_str());
  iso::cli::Session session{iso::cli::process_environment(), iso::stop_signal};
  leave(iso::cli::run_program(argc, arguments.data(), session));
}
