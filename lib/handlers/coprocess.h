#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "pump/end.h"

namespace iso::handlers {

struct CoprocessOptions {
  std::vector<std::string> command;             // a program, searched for in PATH, and its arguments
  std::vector<std::string> environment;         // NAME=value
  std::chrono::milliseconds answer_time{0};     // kill it after this time without an answer; 0: never
  std::chrono::milliseconds leave_time{5'000};  // how long it may run after its input was closed
  bool replies = false;                         // it may answer with records
  Notice notice = [](std::string_view) {};
  const Clock* clock = &system_clock();
};

// One process that handles all records: each is written to its standard input as a line of JSON, and it
// writes an answer to each (replies/reply.h) to its standard output, in any order.
//
// If it ends with unanswered records, the oldest is deferred, since it most likely caused that, or rejected
// if answer_time has passed; the others are untried. The process is started again when there is a record for
// it, with an increasing delay until it answers. Closing its output counts as ending; after it closes its
// input it has leave_time for the remaining answers.
//
// Throws ErrorKind::missing if it cannot be started, and ErrorKind::data for a line that is not an answer, or
// not to one of its records; unanswered records then have no result. The caller must ignore SIGPIPE.
std::unique_ptr<Sink> open_coprocess_sink(const CoprocessOptions& options);

}  // namespace iso::handlers
