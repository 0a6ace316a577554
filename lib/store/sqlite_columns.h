#pragma once

#include "base/sqlite.h"
#include "store/rows.h"

namespace iso::store {

// The columns of a message, in the order in which read_columns reads them.
inline constexpr std::string_view kMessage =
    "seq, state, created_ms, redeliveries, attempts, exchange, routing_key, message_id, correlation_id, "
    "properties, body_hash, body, last_error";
inline constexpr int kMessageColumns = 13;

// What it points at is there until the next step.
StoredRow read_columns(const sqlite::Query& row);

// The text of a column, or nothing if it is null.
std::optional<std::string_view> text_or_null(const sqlite::Query& row, int column);

}  // namespace iso::store
