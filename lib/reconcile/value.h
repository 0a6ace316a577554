#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace iso {

// One JSON value as a tree, for the few items that are not equal. It points into its text.
struct Value {
  enum class Kind { null, boolean, number, string, array, object };

  Kind kind = Kind::null;
  std::string_view text;  // verbatim
  std::string string;     // of a string: its characters
  std::vector<Value> elements;
  // In the order of the text. Of a name that comes twice the last counts, and only that one is here.
  std::vector<std::pair<std::string, Value>> members;

  const Value* find(std::string_view name) const;
};

// `json` is one JSON value with white space around it or not. Throws Error(Kind::data).
Value read_value(std::string_view json);

// The value at a place; null if there is none (RFC 6901 section 4).
const Value* find_value(const Value& root, const std::vector<std::string>& tokens);

}  // namespace iso
