#include "reconcile/sides/beyond_json.h"

#include <algorithm>
#include <variant>

#include "record/scan.h"

namespace iso::reconcile {
namespace {

bool has_odd_names(const FieldTable& table);

// As deep as headers are nested, which is no deeper than kDeepestHeaders.
bool has_odd_names(const Field& field) {
  if (const auto* table = std::get_if<FieldTable>(&field.value)) return has_odd_names(*table);
  const auto* array = std::get_if<FieldArray>(&field.value);
  return array &&
         std::any_of(array->begin(), array->end(), [](const Field& one) { return has_odd_names(one); });
}

bool has_odd_names(const FieldTable& table) {
  return std::any_of(table.begin(), table.end(), [](const auto& member) {
    return !is_utf8(member.first) || has_odd_names(member.second);
  });
}

}  // namespace

std::string field_beyond_json(const Record& record) {
  for (const TextField& field : kTextFields)
    if (const auto& text = record.*field.member; text && !is_utf8(*text)) return std::string(field.name);
  return record.headers && has_odd_names(*record.headers) ? "headers" : "";
}

}  // namespace iso::reconcile
