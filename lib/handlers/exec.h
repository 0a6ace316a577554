#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "pump/end.h"

namespace iso::handlers {

struct ExecOptions {
  std::vector<std::string> command;      // a program, looked for in PATH, and its arguments
  std::vector<std::string> environment;  // NAME=value of every process; the fields of the record come on top
  std::size_t jobs = 1;                  // processes at once
  std::chrono::milliseconds job_timeout{0};  // kill a process that runs for longer; 0: let it run
  bool replies = false;  // what a process prints is the body of its reply; else it prints where we do
  std::size_t largest_reply = std::size_t{128}
                              << 20;  // bytes: what RabbitMQ takes; a process is killed over more
  int prints_to = -1;  // a descriptor: when its reader goes, a process that failed is not to blame; -1: none
  Notice notice = [](std::string_view) {};
  const Clock* clock = &system_clock();
};

// Runs the command once for each record: its body on standard input, its fields in the environment as
// handler_environment says, nothing of it on the command line.
//
// The exit status is the record's status: 0 is confirmed, 75 (EX_TEMPFAIL) deferred. A process that a signal
// ended has not said anything: deferred too, and so is 128 + SIGHUP, SIGINT, SIGQUIT, SIGKILL or SIGTERM,
// which is how a shell says that of its own child. Any other is rejected. After finish(true) all but 0 and 75
// are untried, as whoever ends us may have ended the process too. When the reader of what they print has
// gone, one that failed is untried, and the sink closed. A reply that is JSON has no space around it; any
// other is what was printed, to the byte.
//
// A variable that does not fit the environment is left out, with a notice.
//
// Throws ErrorKind::missing if the command cannot be started, which 126 and 127 say too: nothing more is
// started, what runs ends first, and the record has no result. The caller ignores SIGPIPE, or a command that
// does not read its input would end it.
std::unique_ptr<Sink> open_exec_sink(const ExecOptions& options);

}  // namespace iso::handlers
