#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "reconcile/json/rules.h"

namespace iso::reconcile {

// One JSON value as a tree, for the few items that are not equal. It points into its text.
struct Value {
  enum class Kind { null, boolean, number, string, array, object };

  Kind kind = Kind::null;
  std::string_view text;          // verbatim, or what is read in its place (spelling.h)
  std::string_view as_it_stands;  // then; else ""
  std::string string;             // of a string: its characters, as of a name
  std::vector<Value> elements;
  // In the order of the text. Of members with the same name only the last is here.
  struct Member;
  std::vector<Member> members;

  const Value* find(std::string_view name) const;
  std::string_view verbatim() const { return as_it_stands.empty() ? text : as_it_stands; }
};

struct Value::Member {
  std::string name;
  Value value;
};

// A string or a name with half of a surrogate pair has no characters. It is represented by this byte, which
// UTF-8 does not contain, and its text, so that it equals no string that has characters.
inline constexpr char kNoCharacters = '\xFF';

// `json` is one JSON value with white space around it or not, and outlives what is read. Throws
// Error(ErrorKind::data).
Value read_value(std::string_view json);
// The same of what a JsonScanner took for a value.
Value read_scanned_value(std::string_view json);

// No less than the bytes that its tree takes, and it takes no more than kMostGrowth times those of the text.
std::size_t tree_bytes(std::string_view json);
inline constexpr std::size_t kMostGrowth = 256;

// By the terms of rules.h, without what `rule`, the item's own, always ignores.
bool is_message(const Value& item, const Rule& rule);

// The value at a place; null if there is none (RFC 6901 section 4).
const Value* find_value(const Value& root, const std::vector<std::string>& tokens);

}  // namespace iso::reconcile
