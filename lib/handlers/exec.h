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
  std::chrono::milliseconds job_timeout{0};  // kill a process that runs for longer; 0: no limit
  bool replies =
      false;  // the output of a process is the body of its reply; false: it goes to iso's standard output
  std::size_t largest_reply = std::size_t{128}
                              << 20;  // bytes, RabbitMQ's limit; a process that writes more is killed
  int prints_to = -1;  // a descriptor: if its reader is gone, a failed process is not to blame; -1: none
  // The standard error of processes is copied to this descriptor, and its last line becomes part of the
  // reason why a record failed: "exit 3: no stock". -1: processes write to iso's standard error.
  int errors_to = -1;
  Notice notice = [](std::string_view) {};
  const Clock* clock = &system_clock();
};

// Runs the command once for each record, with the body on standard input and the fields in the environment as
// handler_environment() describes. Nothing of the record is on the command line.
//
// The exit status decides: 0 is confirmed, 75 (EX_TEMPFAIL) is deferred. If a signal ended the process, the
// record is deferred too, as for 128 + SIGHUP, SIGINT, SIGQUIT, SIGKILL or SIGTERM, with which a shell
// reports that a signal ended its child. Any other status is rejected. After finish(true), every status
// except 0 and 75 is untried, since a signal to iso may have reached the process too. If the reader of the
// processes' output is gone, a record whose process failed is untried, and the sink is closed. A JSON reply
// is stripped of surrounding space; any other reply is exactly the output.
//
// A variable that does not fit into the environment is left out, with a notice.
//
// Throws ErrorKind::missing if the command cannot be started, which 126 and 127 mean too: nothing more is
// started, running processes end first, and the record has no result. The caller must ignore SIGPIPE;
// otherwise a command that does not read its input would end the caller.
std::unique_ptr<Sink> open_exec_sink(const ExecOptions& options);

}  // namespace iso::handlers
