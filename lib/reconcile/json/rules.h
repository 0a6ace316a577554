#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "record/pointer.h"

namespace iso::reconcile {

// What to do with one place in an item, and with the places below it. A place is a member by its name, or an
// element by its index.
struct Rule {
  enum class Ignored : std::uint8_t { no, in_messages, always };

  Ignored ignored = Ignored::no;
  bool unordered = false;  // the order of this array does not matter
  bool compared = false;   // what is compared is here
  int key = -1;            // which part of the key is here
  struct Place;
  std::vector<Place> below;

  const Rule* find(std::string_view name) const;
  Rule& at(const std::vector<std::string>& tokens);  // made if missing
};

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
