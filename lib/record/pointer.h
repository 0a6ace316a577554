#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "record/record.h"

namespace iso {

// The reference tokens of a JSON Pointer (RFC 6901), unescaped; "" has none and means the whole document.
// Throws Error(ErrorKind::usage) if it is not empty and does not start with /, or has a ~ other than ~0 and
// ~1.
std::vector<std::string> pointer_tokens(std::string_view pointer);

// A name as a reference token: with ~ and / escaped.
std::string pointer_token(std::string_view name);

// A token as an array index (RFC 6901 section 4); nothing if it is not one. Leading zeros are not allowed.
std::optional<std::size_t> index_of(std::string_view token);

// A JSON Pointer (RFC 6901) into a record as listen prints it: /message_id, /headers/tenant,
// /body/items/0/id.
class Pointer {
 public:
  // Throws Error(ErrorKind::usage) as pointer_tokens does, and if it is empty.
  explicit Pointer(std::string_view text);

  // The value it points to: the text of a string, the JSON of anything else, verbatim. Nothing if there is
  // none, or null. /body alone is the body's bytes, whatever its kind.
  std::optional<std::string> text_at(const Record& record) const;
  // The same as JSON, verbatim. Nothing also for /body alone if the body is not JSON.
  std::optional<std::string> json_at(const Record& record) const;
  const std::string& text() const { return text_; }  // as it was given
  // As text_at in any JSON value.
  std::optional<std::string> text_in(std::string_view json) const;

 private:
  std::string text_;
  std::vector<std::string> tokens_;
};

}  // namespace iso
