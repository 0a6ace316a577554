#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "pump/end.h"

namespace iso::handlers {

struct CoprocessOptions {
  std::vector<std::string> command;             // a program, looked for in PATH, and its arguments
  std::vector<std::string> environment;         // NAME=value
  std::chrono::milliseconds answer_time{0};     // kill it when it answers nothing for so long; 0: wait
  std::chrono::milliseconds leave_time{5'000};  // how long it may take to end once its input has
  bool replies = false;                         // it may answer with records
  Notice notice = [](std::string_view) {};
  const Clock* clock = &system_clock();
};

// One process that handles all records: each goes to its standard input as a line of JSON, and its standard
// output has an answer to each (ends/reply.h), in any order.
//
// When it ends with records unanswered, the oldest is deferred, as it was most likely over this one, or
// rejected if the time for an answer was up; the others are untried. It is started again when there is a
// record for it, after a pause that grows as long as it answers nothing. To close its output is to end; once
// it has closed its input it has leave_time for the answers that it owes.
//
// Throws ErrorKind::missing if it cannot be started, and ErrorKind::data for an answer that is none, or to no
// record: all that is unanswered is then without a result. The caller ignores SIGPIPE.
std::unique_ptr<Sink> open_coprocess_sink(const CoprocessOptions& options);

}  // namespace iso::handlers
