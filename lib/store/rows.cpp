#include "store/rows.h"

#include <fmt/core.h>

#include "base/error.h"
#include "base/hash.h"
#include "record/read.h"
#include "record/write.h"

namespace iso::store {
namespace {

std::optional<std::string_view> view_of(const Record::Text& text) {
  return text ? std::optional<std::string_view>(*text) : std::nullopt;
}

Record::Text text_of(std::optional<std::string_view> view) {
  return view ? Record::Text(*view) : std::nullopt;
}

}  // namespace

NewRow new_row(std::string_view queue, const Record& record, std::string_view properties,
               std::string_view hash, Expires expires) {
  NewRow row{queue,
             view_of(record.message_id),
             view_of(record.correlation_id),
             view_of(record.exchange).value_or(""),
             view_of(record.routing_key).value_or(""),
             properties,
             hash,
             record.body,
             std::nullopt,
             std::nullopt};
  if (expires == Expires::yes && record.expiration)
    if (const auto life = expiration_ms(*record.expiration))
      row.time_to_live = std::chrono::milliseconds(*life);
  return row;
}

void append_properties(std::string& out, const Record& record) {
  append_record(out, record, BodyAs::left_out);
}

std::string why_unreadable(std::string_view properties) {
  try {
    read_record(properties);
    return {};
  } catch (const Error& error) {
    return error.what();
  }
}

std::string read_row_without_body(const StoredRow& row, std::string_view queue, Record& record) {
  try {
    record = read_record(row.properties);
  } catch (const Error& error) {
    record.message_id = text_of(row.message_id);
    return fmt::format("message {} of queue \"{}\": its properties: {}", row.seq, queue, error.what());
  }
  if (row.hash && *row.hash != hash128(row.body))
    return fmt::format("message {} of queue \"{}\" is damaged: its body does not match its hash", row.seq,
                       queue);
  record.exchange = row.exchange;
  record.routing_key = row.routing_key.value_or(queue);
  if (row.message_id) record.message_id = *row.message_id;
  if (row.correlation_id) record.correlation_id = *row.correlation_id;
  record.no_message_id = record.no_correlation_id = false;
  record.direct_name.reset();
  record.queue_arguments.reset();
  record.mandatory.reset();
  record.persistent = record.persistent.value_or(true);
  return {};
}

std::string read_row(const StoredRow& row, std::string_view queue, Record& record) {
  std::string error = read_row_without_body(row, queue, record);
  if (!error.empty()) return error;
  record.body = row.body;
  record.body_kind = body_kind_of(record.body);
  return {};
}

StoredMessage read_message(const StoredRow& row, std::string_view queue, std::int64_t now_ms) {
  StoredMessage message;
  message.seq = row.seq;
  message.attempts = row.attempts;
  message.error = read_row(row, queue, message.record);
  Record& record = message.record;
  record.queue = queue;
  record.redelivered = row.redeliveries > 0;
  record.delivery_count = row.redeliveries;
  record.received_at = now_ms;
  return message;
}

std::string relayed_id(std::string_view store_id, const StoredRow& row) {
  std::string all = fmt::format("{}/{}/{}", store_id, row.seq, row.created_ms);
  for (const std::string_view text :
       {row.exchange, row.routing_key.value_or(""), row.correlation_id.value_or(""), row.properties})
    all += fmt::format("/{}:{}", text.size(), text);
  return hash_text(all + '/' + hash_text(row.body));
}

}  // namespace iso::store
