#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "record/pointer.h"
#include "store/file.h"
#include "store/rows.h"

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

// Makes a queue an inbox of this rule: also what is there already gets its key. In a transaction of its own.
void make_inbox(StoreFile& file, std::string_view queue, const InboxRule& rule);

// The rules of all inboxes of a store; call it within a transaction.
std::map<std::string, InboxRule, std::less<>> inbox_rules(sqlite::Database& database);

enum class Received {
  stored,     // it is new
  duplicate,  // one of this key and this body is there: counted
  conflict,   // one of this key and another body is there: kept, and not handed on
  conflict_again,
};

// Stores a message in an inbox; call it within a transaction.
Received receive(StoreFile& file, std::string_view queue, const NewRow& row,
                 const std::optional<std::string>& key);

// "conflict: …", for people.
std::string conflict_text(const StoreFile& file, std::string_view key);

}  // namespace iso::store
