#include "amqp/properties.h"

#include <algorithm>
#include <cmath>
#include <fmt/core.h>

#include "amqp/fields.h"

namespace iso::amqp {
namespace {

// Section 1.8.1, from the first of the flags down.
constexpr unsigned kContentType = 15, kContentEncoding = 14, kHeaders = 13, kDeliveryMode = 12,
                   kPriority = 11, kCorrelationId = 10, kReplyTo = 9, kExpiration = 8, kMessageId = 7,
                   kTimestamp = 6, kType = 5, kUserId = 4, kAppId = 3, kClusterId = 2;
constexpr std::uint8_t kTransient = 1, kPersistent = 2;

std::uint16_t flags_of(const Record& record) {
  unsigned flags = 1u << kDeliveryMode;
  const auto flag = [&](unsigned bit, bool is_set) { flags |= unsigned{is_set} << bit; };
  flag(kContentType, record.content_type.has_value());
  flag(kContentEncoding, record.content_encoding.has_value());
  flag(kHeaders, record.headers.has_value());
  flag(kPriority, record.priority.has_value());
  flag(kCorrelationId, record.correlation_id.has_value());
  flag(kReplyTo, record.reply_to.has_value());
  flag(kExpiration, record.expiration.has_value());
  flag(kMessageId, record.message_id.has_value());
  flag(kTimestamp, record.timestamp.has_value());
  flag(kType, record.type.has_value());
  flag(kUserId, record.user_id.has_value());
  flag(kAppId, record.app_id.has_value());
  return static_cast<std::uint16_t>(flags);
}

}  // namespace

void write_properties(ByteWriter& out, const Record& record) {
  const auto text = [&](const Record::Text& value) {
    if (value) out.short_string(*value);
  };
  out.integer(flags_of(record));
  text(record.content_type);
  text(record.content_encoding);
  if (record.headers) write_table(out, *record.headers);
  out.octet(record.persistent.value_or(true) ? kPersistent : kTransient);
  if (record.priority) out.octet(*record.priority);
  text(record.correlation_id);
  text(record.reply_to);
  text(record.expiration);
  text(record.message_id);
  if (record.timestamp) out.integer(*record.timestamp);
  text(record.type);
  text(record.user_id);
  text(record.app_id);
}

static bool can_be_carried(const Field& field) {
  if (const auto* number = std::get_if<double>(&field.value)) return std::isfinite(*number);
  if (const auto* number = std::get_if<float>(&field.value)) return std::isfinite(*number);
  if (const auto* table = std::get_if<FieldTable>(&field.value)) return can_be_carried(*table);
  const auto* array = std::get_if<FieldArray>(&field.value);
  return !array ||
         std::all_of(array->begin(), array->end(), [](const Field& item) { return can_be_carried(item); });
}

bool can_be_carried(const FieldTable& headers) {
  return std::all_of(headers.begin(), headers.end(),
                     [](const auto& header) { return can_be_carried(header.second); });
}

std::string read_properties(Record& record, std::string_view properties) {
  ByteReader in(properties);
  const std::uint16_t flags = in.short_integer();
  if ((flags & 1) != 0) bad_frame("property flags that go on, which basic has not");
  const auto has = [&](unsigned bit) { return (flags >> bit & 1) != 0; };
  const auto text = [&](unsigned bit, Record::Text& value) {
    if (has(bit)) value = in.short_string();
  };
  bool too_deep = false;
  text(kContentType, record.content_type);
  text(kContentEncoding, record.content_encoding);
  if (has(kHeaders)) {
    TableRead read = read_table(in.long_string());
    too_deep = read.too_deep;
    if (!too_deep) record.headers = std::move(read.table);
  }
  if (has(kDeliveryMode)) record.persistent = in.octet() == kPersistent;
  if (has(kPriority)) record.priority = in.octet();
  text(kCorrelationId, record.correlation_id);
  text(kReplyTo, record.reply_to);
  text(kExpiration, record.expiration);
  text(kMessageId, record.message_id);
  if (has(kTimestamp)) record.timestamp = in.longlong_integer();
  text(kType, record.type);
  text(kUserId, record.user_id);
  text(kAppId, record.app_id);
  if (has(kClusterId)) in.short_string();
  if ((flags & 2) != 0) bad_frame("a property flag that means nothing");
  in.must_be_at_end();
  return too_deep ? fmt::format("headers nested deeper than {} levels", kDeepestHeaders) : "";
}

}  // namespace iso::amqp
