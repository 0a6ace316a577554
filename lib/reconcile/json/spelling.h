#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "reconcile/json/value.h"

namespace iso::reconcile {

// A message can be spelled in several ways that publish takes for one: its body as `body`, `text` or
// `base64`; a timestamp as a date or in seconds; an expiration as text or number; a header of 1 as
// {"$int32":1}. Each is read as one of them here, so that no spelling is a difference: a body as what its
// bytes say best, times and numbers by value, headers without the type of what is a number or text.

// A body that is spelled otherwise in the item than it is read.
struct SpelledBody {
  std::string name;       // of its member: text or base64
  std::string_view text;  // verbatim
};

// What was made for a message; it points into the item's text and into itself.
struct Respelling {
  std::deque<std::string> made;
  std::optional<SpelledBody> body;
};

// `message` is a message (rules.h). Its values that are read otherwise point into `respelling`, and their
// `as_it_stands` is what is in the item. False: there are none.
bool respell(Value& message, Respelling& respelling);

// Appends a message that was respelled, on one line.
void append_respelled(std::string& out, const Value& message);

}  // namespace iso::reconcile
