#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "record/pointer.h"

namespace iso::reconcile {

// How far two values may be apart and still be the same.
struct Tolerance {
  std::string number;             // of numbers, as JSON has it; "": of times
  std::int64_t milliseconds = 0;  // of times: RFC 3339, or a number of seconds
};

// What to do with one place in an item, and with the places below it. A place is a member by its name, or an
// element by its index.
struct Rule {
  enum class Ignored : std::uint8_t { no, in_messages, always };

  Ignored ignored = Ignored::no;
  bool unordered =
      false;  // the order of this array does not matter, and its elements have no place but others
  bool compared = false;  // what is compared is here
  bool sought = false;    // below what is compared: an item without it has nothing that is
  int key = -1;           // which part of the key is here
  std::optional<Tolerance> tolerance;
  std::vector<std::string>
      matched_by;  // of an unordered array: where each element has what names it; or none
  struct Place;
  std::vector<Place> below;
  std::vector<Rule> others;  // of all places below that have no rule of their own; at most one

  const Rule* find(std::string_view name) const;
  const Rule* of_others() const { return others.empty() ? nullptr : &others.front(); }
  Rule& at(const std::vector<std::string>& tokens);  // made if missing
  // The same of each place that the tokens lead to, where * stands for all.
  void change_each(std::span<const std::string> tokens, const std::function<void(Rule&)>& change);
};

// Compares nothing below `rule` but what the tokens, of which * stands for all, lead to.
void compare_only(Rule& rule, std::span<const std::string> tokens);

struct Rule::Place {
  std::string name;
  Rule rule;
};

// The members of a message that say how it travelled, and not what it says, are ignored in messages, which
// takes that both sides are. A message is an object that has `body`, `text` or `base64`, and no member that a
// record has not; what is always ignored counts for neither. Of its members, null counts as left out (but of
// those three, for it is one without them), and so do headers of which nothing is left. All that holds for a
// root with this rule alone.
void ignore_delivery_fields(Rule& root);
bool is_for_messages(const Rule& root);  // delivery fields are ignored
bool is_message_field(std::string_view name);
std::span<const std::string_view> message_fields();
bool is_body_field(std::string_view name);

}  // namespace iso::reconcile
