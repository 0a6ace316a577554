#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "record/pointer.h"
#include "record/record.h"

namespace iso::store {

// How a queue that is an inbox tells whether a message is one that it has. The store keeps the rule of each
// such queue, and everyone who writes there follows it.
class InboxRule {
 public:
  explicit InboxRule(std::optional<Pointer> key) : key_(std::move(key)) {}

  // What makes a message one of its own within the queue: what the pointer points at, by the rule of
  // reconcile (numbers by value, and no number is a text), else its message_id. Nothing: it is like no other.
  std::optional<std::string> key_of(const Record& record) const;

  std::string text() const { return key_ ? key_->text() : std::string(); }  // as the store keeps it

 private:
  std::optional<std::string> pointed_at(const Record& record) const;

  std::optional<Pointer> key_;
};

// "conflict: …", for people, of the store `name`.
std::string conflict_text(std::string_view name, std::string_view key);

}  // namespace iso::store
