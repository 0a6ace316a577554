#include "store/rows.h"

#include <fmt/core.h>

#include "base/error.h"
#include "base/hash.h"
#include "record/read.h"
#include "record/write.h"

namespace iso::store {

void append_properties(std::string& out, const Record& record) {
  append_record(out, record, BodyAs::left_out);
}

void bind_new_row(sqlite::Query& query, std::string_view queue, const NewRow& row) {
  const Record& record = row.record;
  query.bind(queue).bind(row.now_ms).bind(row.now_ms);
  const auto life = record.expiration && row.expires ? expiration_ms(*record.expiration) : std::nullopt;
  if (life) {
    query.bind(row.now_ms + *life);
  } else {
    query.bind_null();
  }
  query.bind(record.message_id).bind(record.correlation_id);
  query.bind(record.exchange ? std::string_view(*record.exchange) : std::string_view());
  query.bind(record.routing_key ? std::string_view(*record.routing_key) : std::string_view());
  query.bind(row.properties).bind_blob(row.hash).bind_blob(record.body);
}

std::string_view body_of_row(const sqlite::Query& row) {
  return row.text(9);
}

std::string read_row_without_body(const sqlite::Query& row, std::string_view queue, StoredMessage& message) {
  message.seq = row.integer(0);
  message.attempts = static_cast<std::uint32_t>(row.integer(7));
  Record& record = message.record;
  try {
    record = read_record(row.text(5));
  } catch (const Error& error) {
    if (!row.is_null(3)) record.message_id = row.text(3);
    return fmt::format("message {} of queue \"{}\": its properties: {}", message.seq, queue, error.what());
  }
  if (!row.is_null(8) && row.text(8) != hash128(body_of_row(row)))
    return fmt::format("message {} of queue \"{}\" is damaged: its body does not match its hash", message.seq,
                       queue);
  record.exchange = row.text(1);
  record.routing_key = row.is_null(2) ? queue : row.text(2);
  if (!row.is_null(3)) record.message_id = row.text(3);
  if (!row.is_null(4)) record.correlation_id = row.text(4);
  record.no_message_id = record.no_correlation_id = false;
  record.direct_name.reset();
  record.mandatory.reset();
  record.persistent = record.persistent.value_or(true);
  return {};
}

std::string read_row(const sqlite::Query& row, std::string_view queue, StoredMessage& message) {
  std::string error = read_row_without_body(row, queue, message);
  if (!error.empty()) return error;
  message.record.body = body_of_row(row);
  message.record.body_kind = body_kind_of(message.record.body);
  return {};
}

StoredMessage read_message(const sqlite::Query& row, std::string_view queue, std::int64_t now_ms) {
  StoredMessage message;
  message.error = read_row(row, queue, message);
  Record& record = message.record;
  record.queue = queue;
  record.redelivered = row.integer(6) > 0;
  record.delivery_count = static_cast<std::uint64_t>(row.integer(6));
  record.received_at = now_ms;
  return message;
}

std::string relayed_id(std::string_view store_id, const sqlite::Query& row) {
  std::string all = fmt::format("{}/{}/{}", store_id, row.integer(0), row.integer(10));
  for (const int column : {1, 2, 4, 5})
    all += fmt::format("/{}:{}", row.text(column).size(), row.text(column));
  return hash_text(all + '/' + hash_text(body_of_row(row)));
}

std::string why_unreadable(std::string_view properties) {
  try {
    read_record(properties);
    return {};
  } catch (const Error& error) {
    return error.what();
  }
}

}  // namespace iso::store
