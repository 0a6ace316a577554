#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "pump/end.h"

namespace iso::handlers {

struct ExecOptions {
  std::vector<std::string> command;      // a program, looked for in PATH, and its arguments
  std::vector<std::string> environment;  // NAME=value of every process; the fields of the record come on top
  std::size_t jobs = 1;                  // processes at once
  std::chrono::milliseconds job_timeout{0};  // kill a process that runs for longer; 0: let it run
  bool replies = false;  // what a process prints is the body of its reply; else it prints where we do
  int prints_to = -1;  // a descriptor: when its reader goes, a process that failed is not to blame; -1: none
};

// Runs the command once for each record: its body on standard input, its fields in the environment as
// handler_environment says, nothing of it on the command line. The exit status is the record's status: 0 is
// confirmed, 75 (EX_TEMPFAIL) deferred; any other, and a process that a signal ended, is rejected. When the
// reader of what they print has gone, one that failed is untried, and the sink closed. A reply
// that is JSON has no space around it; any other is what was printed, to the byte.
//
// Throws ErrorKind::missing if the command cannot be started. The caller ignores SIGPIPE, or a command that
// does not read its input would end it.
std::unique_ptr<Sink> open_exec_sink(const ExecOptions& options);

}  // namespace iso::handlers
