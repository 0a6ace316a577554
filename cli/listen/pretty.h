#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "record/record.h"

namespace iso::cli {

struct PrettyOptions {
  bool color = false;
  std::size_t lines = 0;  // of a body, at most; 0: all
};

// A message for people: a line with its time, exchange → queue, routing key, id and what else is known of it,
// then its body, JSON with a line for each member. No digit changes, and nothing in it can move the cursor.
void append_pretty(std::string& out, const Record& record, const PrettyOptions& options);

// JSON with a line for each member, two spaces deeper each time; names and values in colours. Numbers,
// strings and order are as they are. `json` is well formed.
std::string indented_json(std::string_view json, bool color);

}  // namespace iso::cli
