#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "record/record.h"

namespace iso {

// A JSON Pointer (RFC 6901) into a record as listen prints it: /message_id, /headers/tenant,
// /body/items/0/id.
class Pointer {
 public:
  // Throws Error(Kind::usage): not empty and not starting with /, or a ~ that is neither ~0 nor ~1.
  explicit Pointer(std::string_view text);

  // What is there: the text of a string, the JSON of anything else as it stands. Nothing if there is none, or
  // null. /body alone is the body's bytes, whatever its kind.
  std::optional<std::string> text_at(const Record& record) const;
  // The same in any JSON value.
  std::optional<std::string> text_in(std::string_view json) const;

 private:
  std::vector<std::string> tokens_;
};

}  // namespace iso
