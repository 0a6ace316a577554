// The properties of a message, as AMQP carries them, survive the record; and so do its headers, as JSON. The
// input is what follows the body's size in a content header: AMQP 0-9-1 section 4.2.6.1.
#include <algorithm>

#include "amqp/properties.h"
#include "base/error.h"
#include "record/scan.h"
#include "require.h"
#include "same.h"

using namespace iso;
using namespace iso::amqp;
using fuzz::require;

namespace {

std::string encoded(amqp_basic_properties_t& properties, std::size_t room) {
  std::string out(room, '\0');
  const int length =
      iso::amqp::amqp_encode_properties(AMQP_BASIC_CLASS, &properties, {out.size(), out.data()});
  require(length >= 0, "properties that were decoded can be encoded");
  out.resize(static_cast<std::size_t>(length));
  return out;
}

// What a record does not hold: the cluster id, flags that mean nothing, and delivery modes other than the
// two.
void leave_what_records_hold(amqp_basic_properties_t& properties) {
  const bool transient =
      (properties._flags & AMQP_BASIC_DELIVERY_MODE_FLAG) != 0 && properties.delivery_mode != 2;
  properties._flags &= 0xFFF8;
  properties._flags |= AMQP_BASIC_DELIVERY_MODE_FLAG;
  properties.delivery_mode = transient ? 1 : 2;
}

bool has_text_names(const FieldTable& table);

bool has_text_names(const Field& field) {
  if (const auto* table = std::get_if<FieldTable>(&field.value)) return has_text_names(*table);
  const auto* array = std::get_if<FieldArray>(&field.value);
  return !array ||
         std::all_of(array->begin(), array->end(), [](const Field& item) { return has_text_names(item); });
}

bool has_text_names(const FieldTable& table) {
  return std::all_of(table.begin(), table.end(), [](const auto& member) {
    return is_utf8(member.first) && has_text_names(member.second);
  });
}

void check_json(const FieldTable& headers) {
  const std::string json = fuzz::written(headers);
  if (!is_json(json)) require(json.size() > kMaxDepth, "headers are written as JSON", json);
  FieldTable again;
  try {
    again = read_fields(json);
  } catch (const Error& error) {
    require(std::string_view(error.what()).ends_with("nested too deeply"),
            "headers that were written can be read", error.what(), json);
    return;
  }
  if (!has_text_names(headers)) return;  // such a name cannot be said in JSON
  require(fuzz::same(again, headers), "headers survive JSON", fuzz::written(again), json);
  require(fuzz::written(again) == json, "headers are written the same again", fuzz::written(again), json);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string input(fuzz::text_of(data, size));
  Pool pool;
  void* decoded = nullptr;
  Pool raw;
  const amqp_bytes_t encoded_by_a_peer{input.size(), input.data()};
  if (iso::amqp::amqp_decode_properties(AMQP_BASIC_CLASS, raw.get(), encoded_by_a_peer, &decoded) != 0)
    return 0;

  auto& theirs = *static_cast<amqp_basic_properties_t*>(decoded);
  Record record;
  try {
    read_properties(record, theirs);
  } catch (const Error&) {  // nested too deep
    return 0;
  }
  auto ours = properties_of(record, pool);
  leave_what_records_hold(theirs);
  require(encoded(ours, size + 1024) == encoded(theirs, size + 1024), "properties survive the record");
  if (record.headers) check_json(*record.headers);
  return 0;
}
