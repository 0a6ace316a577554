#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "record/record.h"

namespace iso {

// The reference tokens of a JSON Pointer (RFC 6901), unescaped; "" has none and means the whole. Throws
// Error(ErrorKind::usage): not empty and not starting with /, or a ~ that is neither ~0 nor ~1.
std::vector<std::string> pointer_tokens(std::string_view pointer);

// The same name as it stands in a pointer: ~ and / escaped.
std::string pointer_token(std::string_view name);

// The index that a token is; nothing if it is none: it has no leading zeros (RFC 6901 section 4).
std::optional<std::size_t> index_of(std::string_view token);

// A JSON Pointer (RFC 6901) into a record as listen prints it: /message_id, /headers/tenant,
// /body/items/0/id.
class Pointer {
 public:
  // Throws Error(ErrorKind::usage) as pointer_tokens does, and if it is empty.
  explicit Pointer(std::string_view text);

  // What is there: the text of a string, the JSON of anything else as it stands. Nothing if there is none, or
  // null. /body alone is the body's bytes, whatever its kind.
  std::optional<std::string> text_at(const Record& record) const;
  // The JSON of what is there, as it stands. Nothing if there is none, or null; of /body alone, if it is not
  // JSON.
  std::optional<std::string> json_at(const Record& record) const;
  const std::string& text() const { return text_; }  // as it was given
  // As text_at in any JSON value.
  std::optional<std::string> text_in(std::string_view json) const;

 private:
  std::string text_;
  std::vector<std::string> tokens_;
};

}  // namespace iso
