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

// Reads the text of a settings file: one JSON object that may contain // and /* */ comments, and keys with
// nothing after the colon, which read as null with a warning. `name` is the file's name, for messages. Throws
// Error(ErrorKind::config) with every fault, each as file:line:column, the line and a caret; for an unknown
// field it suggests the nearest known one.
Settings read_settings(std::string_view text, std::string_view name);

}  // namespace iso
