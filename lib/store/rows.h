#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "record/record.h"

namespace iso::store {

// What a message in a queue can be. The numbers are in files: never give one another meaning.
enum class MessageState { ready = 0, done = 1, dead = 2, conflict = 3 };

// A record on its way into a row of a queue. It owns nothing but its key.
struct NewRow {
  std::string_view queue;
  std::optional<std::string_view> message_id, correlation_id;
  std::string_view exchange, routing_key;
  std::string_view properties;  // as append_properties writes them
  std::string_view hash;        // hash128 of its body
  std::string_view body;
  std::optional<std::chrono::milliseconds> time_to_live;  // from when it is stored; none: for ever
  std::optional<std::string> key;  // of a queue that is an inbox: no two messages of the queue have the same
};

enum class Expires { yes, no };  // no: its time to live was for the queue that it came from

NewRow new_row(std::string_view queue, const Record& record, std::string_view properties,
               std::string_view hash, Expires expires);

// All of a record but its body.
void append_properties(std::string& out, const Record& record);

// Why a record with these properties could not be read again, or "": such a one must not be stored.
std::string why_unreadable(std::string_view properties);

// A row of a queue as a store holds it. What it points at is there for as long as the call that gives it.
struct StoredRow {
  std::int64_t seq = 0;
  MessageState state = MessageState::ready;
  std::int64_t created_ms = 0;  // since the epoch
  std::uint64_t redeliveries = 0;
  std::uint32_t attempts = 0;  // times that it failed
  std::string_view exchange;
  std::optional<std::string_view> routing_key, message_id, correlation_id;
  std::string_view properties;
  std::optional<std::string_view> hash;  // none: an application put it there
  std::string_view body;
  std::optional<std::string_view> last_error = {};  // why it failed last
};

struct StoredMessage {
  std::int64_t seq = 0;
  std::uint32_t attempts = 0;
  Record record;
  std::string error;  // why the record cannot be given, or ""
};

// The record of a row. Gives "", or what is wrong: properties that are no record, a body that does not match
// its hash.
std::string read_row(const StoredRow& row, std::string_view queue, Record& record);
// The same, with the body held to its hash and no further look at it: the record has none.
std::string read_row_without_body(const StoredRow& row, std::string_view queue, Record& record);

// The same for a listener of `queue`, to whom it says how it was delivered. `now_ms` is since the epoch.
StoredMessage read_message(const StoredRow& row, std::string_view queue, std::int64_t now_ms);

// The id that a relay gives a message without one: the same each time, or its receiver could not tell. It is
// made of where, when and what the message is: the place alone comes again in a copy of the store, and after
// one was restored.
std::string relayed_id(std::string_view store_id, const StoredRow& row);

}  // namespace iso::store
