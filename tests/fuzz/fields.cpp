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

std::string written_properties(const Record& record) {
  std::string out;
  ByteWriter writer(out);
  write_properties(writer, record);
  require(writer.fits(), "properties that were read can be written");
  return out;
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
  Record record;
  try {
    if (!read_properties(record, fuzz::text_of(data, size)).empty()) return 0;  // nested too deep
  } catch (const Error& error) {
    require(error.kind() == ErrorKind::unavailable, "what is refused is the broker's fault", error.what());
    return 0;
  }
  if (!record.persistent) record.persistent = true;  // which is always written
  const std::string bytes = written_properties(record);
  Record again;
  require(read_properties(again, bytes).empty(), "properties that were written can be read");
  require(fuzz::same(again, record), "properties survive the record");
  require(written_properties(again) == bytes, "properties are written the same again");
  if (record.headers) check_json(*record.headers);
  return 0;
}
