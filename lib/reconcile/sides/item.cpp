#include "reconcile/sides/item.h"

#include <charconv>
#include <utility>

#include "base/error.h"
#include "record/scan.h"
#include "record/time.h"

namespace iso::reconcile {
namespace {

std::optional<std::int64_t> integer(const Value* value) {
  std::int64_t number = 0;
  if (!value || value->kind != Value::Kind::number) return std::nullopt;
  const char* const end = value->text.data() + value->text.size();
  const auto [stopped, error] = std::from_chars(value->text.data(), end, number);
  return error == std::errc{} && stopped == end ? std::optional(number) : std::nullopt;
}

std::string_view without_space(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r"), text.size()));
  return text;
}

}  // namespace

Item::Item(std::string text, bool rows) : line(std::move(text)) {
  if (rows && line.starts_with('\t')) {  // its store could not read it
    row = read_row_text(std::string_view(line).substr(1));
    why = row->error;
    return;
  }
  json = without_space(line);
  JsonScanner scanner;
  if (scanner.scan(json, true) != JsonScanner::Status::complete) {
    const auto byte = line.size() - json.size() + scanner.position();
    why = "byte " + std::to_string(byte + 1) + " of the line: " + scanner.what();
    return;
  }
  const auto rest = without_space(json.substr(scanner.position()));
  json = json.substr(0, scanner.position());
  if (rows && !rest.empty()) {
    row = read_row_text(rest);
  } else if (!rest.empty()) {
    why = "more than one value on the line";
    return;
  }
  value = read_scanned_value(json);
}

std::optional<std::int64_t> Item::time_ms() const {
  if (row && row->at_ms != 0) return row->at_ms;
  if (const auto received = integer(value.find("received_at"))) return received;
  const Value* const timestamp = value.find("timestamp");
  if (const auto seconds = integer(timestamp)) return *seconds * 1000;
  if (timestamp && timestamp->kind == Value::Kind::string) return read_rfc3339(timestamp->string);
  return std::nullopt;
}

}  // namespace iso::reconcile
