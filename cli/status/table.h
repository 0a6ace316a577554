#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "status/status.h"

namespace iso::cli {

// "850ms", "12s", "3m 20s", "5h 2m", "9d 4h".
std::string age_text(std::chrono::milliseconds age);

// How many more messages are ready each second, by the queue's name: for ends that tell no rates.
using Growth = std::map<std::string, double>;

// A table of queues: a column for each thing that one of them tells, "-" where one does not. With `growth`,
// also rates. Names are made safe for a terminal.
std::string queue_table(const std::vector<status::QueueStatus>& queues, const Growth* growth);

// One queue as a line of JSON. Each of `broken` is a limit that it does not keep.
void append_queue_record(std::string& out, const status::QueueStatus& queue,
                         const std::vector<std::string>& broken, const Growth* growth);

}  // namespace iso::cli
