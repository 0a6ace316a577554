#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "pump/end.h"

namespace iso::handlers {

struct ExecOptions {
  std::vector<std::string> command;          // a program, searched for in PATH, and its arguments
  std::vector<std::string> environment;      // NAME=value for every process; the record's fields are added
  std::size_t jobs = 1;                      // processes at once
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
// The exit status decides: 0 is confirmed, 75 (EX_TEMPFAIL) is deferred. A process that was ended by a signal
// has not decided anything, so its record is deferred too, and so it is for 128 + SIGHUP, SIGINT, SIGQUIT,
// SIGKILL or SIGTERM, by which a shell reports that its own child was. Any other status is rejected. After
// finish(true), all but 0 and 75 are untried, since the one who stops iso may have stopped the process too.
// If the reader of their output has gone, a record whose process failed is untried, and the sink is closed. A
// reply that is JSON has no space around it; any other is exactly what was printed.
//
// A variable that does not fit into the environment is left out, with a notice.
//
// Throws ErrorKind::missing if the command cannot be started, which 126 and 127 mean too: nothing more is
// started, running processes end first, and the record has no result. The caller ignores SIGPIPE; otherwise a
// command that does not read its input would end it.
std::unique_ptr<Sink> open_exec_sink(const ExecOptions& options);

}  // namespace iso::handlers
