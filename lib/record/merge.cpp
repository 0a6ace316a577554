#include "record/merge.h"

#include <algorithm>

namespace iso {
namespace {

template <class Value>
void fill_one(std::optional<Value>& value, const std::optional<Value>& below) {
  if (!value && below) value = below;
}

// Name by name.
void fill_table(std::optional<FieldTable>& table, const std::optional<FieldTable>& below) {
  if (!below) return;
  if (!table) {
    table = below;
    return;
  }
  const std::size_t own = table->size();
  for (const auto& entry : *below) {
    const auto end = table->begin() + static_cast<std::ptrdiff_t>(own);
    const bool there =
        std::any_of(table->begin(), end, [&](const auto& mine) { return mine.first == entry.first; });
    if (!there) table->push_back(entry);
  }
}

}  // namespace

void fill(Record& record, const Record& below) {
  const bool own_message_id = record.message_id || record.no_message_id;
  const bool own_correlation_id = record.correlation_id || record.no_correlation_id;
  for (const TextField& field : kTextFields) {
    if (field.member == &Record::message_id && own_message_id) continue;
    if (field.member == &Record::correlation_id && own_correlation_id) continue;
    fill_one(record.*field.member, below.*field.member);
  }
  if (!own_message_id) record.no_message_id = below.no_message_id;
  if (!own_correlation_id) record.no_correlation_id = below.no_correlation_id;
  fill_one(record.mandatory, below.mandatory);
  fill_one(record.persistent, below.persistent);
  fill_one(record.priority, below.priority);
  fill_one(record.expiration, below.expiration);
  fill_one(record.timestamp, below.timestamp);
  fill_table(record.queue_arguments, below.queue_arguments);
  fill_table(record.headers, below.headers);
  fill_one(record.redelivered, below.redelivered);
  fill_one(record.delivery_count, below.delivery_count);
  fill_one(record.offset, below.offset);
  fill_one(record.received_at, below.received_at);
  if (!record.body_kind && below.body_kind) {
    record.body_kind = below.body_kind;
    record.body = below.body;
  }
}

}  // namespace iso
