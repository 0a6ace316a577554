#include "record/death.h"

#include <algorithm>
#include <string_view>

namespace iso {
namespace {

const Field* find(const FieldTable& table, std::string_view name) {
  const auto found =
      std::find_if(table.begin(), table.end(), [name](const auto& entry) { return entry.first == name; });
  return found == table.end() ? nullptr : &found->second;
}

std::optional<std::string> text_of(const FieldTable& table, std::string_view name) {
  const Field* field = find(table, name);
  const auto* text = field ? std::get_if<std::string>(&field->value) : nullptr;
  return text ? std::optional(*text) : std::nullopt;
}

std::optional<Death> death_of(const Field& entry) {
  const auto* table = std::get_if<FieldTable>(&entry.value);
  if (!table) return std::nullopt;
  const auto exchange = text_of(*table, "exchange");
  const Field* keys = find(*table, "routing-keys");
  const auto* list = keys ? std::get_if<FieldArray>(&keys->value) : nullptr;
  const auto* key = list && !list->empty() ? std::get_if<std::string>(&list->front().value) : nullptr;
  if (!exchange || !key) return std::nullopt;
  return Death{*exchange, *key, text_of(*table, "queue").value_or(""),
               text_of(*table, "reason").value_or("")};
}

}  // namespace

// The list has an entry for each queue and reason, the last death first; one that happens again moves to the
// front. So the last entry need not be the first death, but two other headers name that.
std::optional<Death> first_death(const Record& record) {
  if (!record.headers) return std::nullopt;
  const Field* deaths = find(*record.headers, "x-death");
  const auto* list = deaths ? std::get_if<FieldArray>(&deaths->value) : nullptr;
  if (!list || list->empty()) return std::nullopt;
  const auto queue = text_of(*record.headers, "x-first-death-queue");
  const auto reason = text_of(*record.headers, "x-first-death-reason");
  for (const Field& entry : *list)
    if (auto death = death_of(entry); death && queue && death->queue == *queue && death->reason == reason)
      return death;
  return death_of(list->back());
}

}  // namespace iso
