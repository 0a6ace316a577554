#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "record/record.h"

namespace iso {

struct Settings {
  Record record;  // without a body, unless the file has one
  std::vector<std::string>
      warnings;  // each names file, line and key: "seed.json:9: content_encoding has no value; …"
};

// Reads a settings file's text: one JSON object that may hold // and /* */ comments, and keys with nothing
// after the colon, which read as null with a warning. `name` is the file's, for messages. Throws
// Error(ErrorKind::config) with every fault found, each as file:line:column, the line and a caret under the
// place; an unknown field suggests the nearest known one.
Settings read_settings(std::string_view text, std::string_view name);

}  // namespace iso
