#include "store/sqlite_columns.h"

namespace iso::store {

std::optional<std::string_view> text_or_null(const sqlite::Query& row, int column) {
  return row.is_null(column) ? std::nullopt : std::optional(row.text(column));
}

StoredRow read_columns(const sqlite::Query& row) {
  StoredRow one;
  int column = 0;
  one.seq = row.integer(column++);
  one.state = static_cast<MessageState>(row.integer(column++));
  one.created_ms = row.integer(column++);
  one.redeliveries = static_cast<std::uint64_t>(row.integer(column++));
  one.attempts = static_cast<std::uint32_t>(row.integer(column++));
  one.exchange = row.text(column++);
  one.routing_key = text_or_null(row, column++);
  one.message_id = text_or_null(row, column++);
  one.correlation_id = text_or_null(row, column++);
  one.properties = row.text(column++);
  one.hash = text_or_null(row, column++);
  one.body = row.text(column++);
  one.last_error = text_or_null(row, column++);
  return one;
}

}  // namespace iso::store
