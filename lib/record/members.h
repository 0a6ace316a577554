#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "record/record.h"

namespace iso {

// What is wrong with a text, and where. Caught by code that knows the text's name.
struct Fault {
  std::size_t offset = 0;
  std::string why;
};

// One member of a JSON object, as slices of the text.
struct Member {
  std::string_view name;   // the string, with its quotes
  std::string_view value;  // verbatim; empty if there is nothing after the colon
  std::size_t name_at = 0, value_at = 0;
};

// Walks the top level of one JSON object; only white space may surround it in `json`. Throws Fault.
class ObjectWalker {
 public:
  enum class Holes { refused, allowed };  // a colon with nothing after it

  explicit ObjectWalker(std::string_view json, Holes holes = Holes::refused);
  std::optional<Member> next();

 private:
  void skip_space();
  bool at(char c) const { return at_ < json_.size() && json_[at_] == c; }
  std::string_view value();
  void finish();

  std::string_view json_;
  Holes holes_;
  std::size_t at_ = 0;
  bool first_ = true, done_ = false;
};

// The text of a JSON string that is known to be well formed, its escapes undone. Nothing for half a surrogate
// pair.
std::optional<std::string> read_json_string(std::string_view json);

inline constexpr std::string_view kHalfASurrogatePair = "half of a surrogate pair is not a character";

// Sets the field called `name` from its JSON; null unsets it. Throws Fault with an offset within `value` for
// a wrong type or a text that is too long for AMQP, and with kAtName for an unknown name.
void set_member(Record& record, std::string_view name, std::string_view value);
inline constexpr std::size_t kAtName = std::string_view::npos;

// Whether set_member accepts a field of this name.
bool is_record_field(std::string_view name);
std::span<const std::string_view> record_fields();

}  // namespace iso
