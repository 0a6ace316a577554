#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/sqlite.h"
#include "record/record.h"

namespace iso::store {

// A record on its way into a queue's row.
struct NewRow {
  const Record& record;
  std::string_view properties;  // all of the record but its body: properties_of
  std::string_view hash;        // hash128 of its body
  std::int64_t now_ms = 0;
  bool expires = true;  // false: its time to live was for the queue that it came from
};

void append_properties(std::string& out, const Record& record);

// Binds what every insert of a message starts with: kNewRow, in its order.
inline constexpr std::string_view kNewRow =
    "queue, state_ms, created_ms, expires_ms, message_id, correlation_id, exchange, routing_key, properties, "
    "body_hash, body";
void bind_new_row(sqlite::Query& query, std::string_view queue, const NewRow& row);

// Reads a row of kMessage. Gives "", or what is wrong with properties that are no record or a body that does
// not match its hash.
inline constexpr std::string_view kMessage =
    "seq, exchange, routing_key, message_id, correlation_id, properties, redeliveries, attempts, body_hash, "
    "body, created_ms";
inline constexpr int kMessageColumns = 11;
struct StoredMessage {
  std::int64_t seq = 0;
  std::uint32_t attempts = 0;  // times that it failed
  Record record;
  std::string error;  // why the record cannot be given, or ""
};
std::string read_row(const sqlite::Query& row, std::string_view queue, StoredMessage& message);
// The same, with the body held to its hash and no further look at it: the record has none.
std::string read_row_without_body(const sqlite::Query& row, std::string_view queue, StoredMessage& message);
std::string_view body_of_row(const sqlite::Query& row);  // until the next step

// The same for a listener of `queue`, to whom it says how it was delivered.
StoredMessage read_message(const sqlite::Query& row, std::string_view queue, std::int64_t now_ms);

// The id that a relay gives a message without one: the same each time, or its receiver could not tell. It is
// made of where, when and what the message is: the place alone comes again in a copy of the store, and after
// one was restored.
std::string relayed_id(std::string_view store_id, const sqlite::Query& row);

// Why a record with these properties could not be read again, or "": such a one must not be stored.
std::string why_unreadable(std::string_view properties);

}  // namespace iso::store
