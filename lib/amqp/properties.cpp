#include "amqp/properties.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <fmt/core.h>

#include "base/error.h"

namespace iso::amqp {
namespace {

struct Property {
  amqp_flags_t flag;
  amqp_bytes_t amqp_basic_properties_t::*theirs;
  Record::Text Record::*ours;
};
constexpr std::array kTexts{
    Property{AMQP_BASIC_CONTENT_TYPE_FLAG, &amqp_basic_properties_t::content_type, &Record::content_type},
    Property{AMQP_BASIC_CONTENT_ENCODING_FLAG, &amqp_basic_properties_t::content_encoding,
             &Record::content_encoding},
    Property{AMQP_BASIC_CORRELATION_ID_FLAG, &amqp_basic_properties_t::correlation_id,
             &Record::correlation_id},
    Property{AMQP_BASIC_REPLY_TO_FLAG, &amqp_basic_properties_t::reply_to, &Record::reply_to},
    Property{AMQP_BASIC_EXPIRATION_FLAG, &amqp_basic_properties_t::expiration, &Record::expiration},
    Property{AMQP_BASIC_MESSAGE_ID_FLAG, &amqp_basic_properties_t::message_id, &Record::message_id},
    Property{AMQP_BASIC_TYPE_FLAG, &amqp_basic_properties_t::type, &Record::type},
    Property{AMQP_BASIC_USER_ID_FLAG, &amqp_basic_properties_t::user_id, &Record::user_id},
    Property{AMQP_BASIC_APP_ID_FLAG, &amqp_basic_properties_t::app_id, &Record::app_id},
};
constexpr std::uint8_t kTransient = 1, kPersistent = 2;

// One field as rabbitmq-c has it; it points into the field and the pool.
struct FieldEncoder {
  Pool& pool;
  amqp_field_value_t out{};

  amqp_field_value_t encode(const Field& field) {
    std::visit(*this, field.value);
    return out;
  }
  amqp_field_value_t& kind(amqp_field_value_kind_t kind) {
    out.kind = static_cast<std::uint8_t>(kind);
    return out;
  }

  void operator()(std::monostate) { kind(AMQP_FIELD_KIND_VOID); }
  void operator()(bool value) { kind(AMQP_FIELD_KIND_BOOLEAN).value.boolean = value; }
  void operator()(std::int8_t value) { kind(AMQP_FIELD_KIND_I8).value.i8 = value; }
  void operator()(std::uint8_t value) { kind(AMQP_FIELD_KIND_U8).value.u8 = value; }
  void operator()(std::int16_t value) { kind(AMQP_FIELD_KIND_I16).value.i16 = value; }
  void operator()(std::uint16_t value) { kind(AMQP_FIELD_KIND_U16).value.u16 = value; }
  void operator()(std::int32_t value) { kind(AMQP_FIELD_KIND_I32).value.i32 = value; }
  void operator()(std::uint32_t value) { kind(AMQP_FIELD_KIND_U32).value.u32 = value; }
  void operator()(std::int64_t value) { kind(AMQP_FIELD_KIND_I64).value.i64 = value; }
  void operator()(std::uint64_t value) { kind(AMQP_FIELD_KIND_U64).value.u64 = value; }
  void operator()(float value) { kind(AMQP_FIELD_KIND_F32).value.f32 = value; }
  void operator()(double value) { kind(AMQP_FIELD_KIND_F64).value.f64 = value; }
  void operator()(const Decimal& value) {
    kind(AMQP_FIELD_KIND_DECIMAL).value.decimal = {value.scale, static_cast<std::uint32_t>(value.value)};
  }
  void operator()(const std::string& value) { kind(AMQP_FIELD_KIND_UTF8).value.bytes = bytes_of(value); }
  void operator()(const Timestamp& value) { kind(AMQP_FIELD_KIND_TIMESTAMP).value.u64 = value.seconds; }
  void operator()(const Bytes& value) { kind(AMQP_FIELD_KIND_BYTES).value.bytes = bytes_of(value.bytes); }
  void operator()(const FieldArray& array) {
    auto* entries = pool.make<amqp_field_value_t>(array.size());
    for (std::size_t i = 0; i < array.size(); ++i) entries[i] = FieldEncoder{pool}.encode(array[i]);
    kind(AMQP_FIELD_KIND_ARRAY).value.array = {static_cast<int>(array.size()), entries};
  }
  void operator()(const FieldTable& table) {
    kind(AMQP_FIELD_KIND_TABLE).value.table = table_of(table, pool);
  }
};

void check_levels(int levels) {
  if (levels == 0)
    throw Error(ErrorKind::data, fmt::format("headers nested deeper than {} levels", kDeepestHeaders));
}

FieldTable fields_of(const amqp_table_t& table, int levels);

Field field_of(const amqp_field_value_t& field, int levels) {
  switch (field.kind) {
    case AMQP_FIELD_KIND_BOOLEAN:
      return {field.value.boolean != 0};
    case AMQP_FIELD_KIND_I8:
      return {field.value.i8};
    case AMQP_FIELD_KIND_U8:
      return {field.value.u8};
    case AMQP_FIELD_KIND_I16:
      return {field.value.i16};
    case AMQP_FIELD_KIND_U16:
      return {field.value.u16};
    case AMQP_FIELD_KIND_I32:
      return {field.value.i32};
    case AMQP_FIELD_KIND_U32:
      return {field.value.u32};
    case AMQP_FIELD_KIND_I64:
      return {field.value.i64};
    case AMQP_FIELD_KIND_U64:
      return {field.value.u64};
    case AMQP_FIELD_KIND_F32:
      return {field.value.f32};
    case AMQP_FIELD_KIND_F64:
      return {field.value.f64};
    case AMQP_FIELD_KIND_DECIMAL:
      return {Decimal{field.value.decimal.decimals, static_cast<std::int32_t>(field.value.decimal.value)}};
    case AMQP_FIELD_KIND_UTF8:
      return {std::string(view(field.value.bytes))};
    case AMQP_FIELD_KIND_TIMESTAMP:
      return {Timestamp{field.value.u64}};
    case AMQP_FIELD_KIND_BYTES:
      return {Bytes{std::string(view(field.value.bytes))}};
    case AMQP_FIELD_KIND_ARRAY: {
      check_levels(levels);
      FieldArray array;
      for (int i = 0; i < field.value.array.num_entries; ++i)
        array.push_back(field_of(field.value.array.entries[i], levels - 1));
      return {std::move(array)};
    }
    case AMQP_FIELD_KIND_TABLE:
      check_levels(levels);
      return {fields_of(field.value.table, levels - 1)};
    default:
      return {std::monostate{}};  // AMQP_FIELD_KIND_VOID; the library refuses kinds that it does not know
  }
}

FieldTable fields_of(const amqp_table_t& table, int levels) {
  FieldTable fields;
  for (int i = 0; i < table.num_entries; ++i)
    fields.emplace_back(view(table.entries[i].key), field_of(table.entries[i].value, levels));
  return fields;
}

}  // namespace

amqp_table_t table_of(const FieldTable& table, Pool& pool) {
  auto* entries = pool.make<amqp_table_entry_t>(table.size());
  for (std::size_t i = 0; i < table.size(); ++i) {
    entries[i].key = bytes_of(table[i].first);
    entries[i].value = FieldEncoder{pool}.encode(table[i].second);
  }
  return {static_cast<int>(table.size()), entries};
}

amqp_basic_properties_t properties_of(const Record& record, Pool& pool) {
  amqp_basic_properties_t properties{};
  for (const auto& [flag, theirs, ours] : kTexts) {
    const auto& text = record.*ours;
    if (!text) continue;
    properties._flags |= flag;
    properties.*theirs = bytes_of(*text);
  }
  properties._flags |= AMQP_BASIC_DELIVERY_MODE_FLAG;
  properties.delivery_mode = record.persistent.value_or(true) ? kPersistent : kTransient;
  if (record.priority) {
    properties._flags |= AMQP_BASIC_PRIORITY_FLAG;
    properties.priority = *record.priority;
  }
  if (record.timestamp) {
    properties._flags |= AMQP_BASIC_TIMESTAMP_FLAG;
    properties.timestamp = *record.timestamp;
  }
  if (record.headers) {
    properties._flags |= AMQP_BASIC_HEADERS_FLAG;
    properties.headers = table_of(*record.headers, pool);
  }
  return properties;
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

void read_properties(Record& record, const amqp_basic_properties_t& properties) {
  for (const auto& [flag, theirs, ours] : kTexts)
    if (properties._flags & flag) record.*ours = view(properties.*theirs);
  if (properties._flags & AMQP_BASIC_DELIVERY_MODE_FLAG)
    record.persistent = properties.delivery_mode == kPersistent;
  if (properties._flags & AMQP_BASIC_PRIORITY_FLAG) record.priority = properties.priority;
  if (properties._flags & AMQP_BASIC_TIMESTAMP_FLAG) record.timestamp = properties.timestamp;
  if (properties._flags & AMQP_BASIC_HEADERS_FLAG)
    record.headers = fields_of(properties.headers, kDeepestHeaders - 1);
}

}  // namespace iso::amqp
