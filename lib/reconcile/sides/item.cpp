#include "reconcile/sides/item.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "reconcile/json/number.h"
#include "record/scan.h"
#include "record/time.h"

namespace iso::reconcile {
namespace {

constexpr std::int64_t kFirstTime = -62'167'219'200'000, kLastTime = 253'402'300'799'999;  // years 0 to 9999

std::optional<std::int64_t> in_range(std::int64_t time) {
  return time >= kFirstTime && time <= kLastTime ? std::optional(time) : std::nullopt;
}

// A number of units that are 10^to_ms milliseconds each.
std::optional<std::int64_t> milliseconds_of(std::string_view number, int to_ms) {
  const auto small = Number(number).small();
  if (!small) return std::nullopt;
  auto value = static_cast<std::int64_t>(small->digits);  // of 18 digits at most
  for (std::int64_t exponent = small->exponent + to_ms; exponent != 0 && value != 0;) {
    if (exponent > 0 && value > kLastTime) return std::nullopt;
    value = exponent > 0 ? value * 10 : value / 10;
    exponent += exponent > 0 ? -1 : 1;
  }
  if (small->negative) value = -value;
  return in_range(value);
}

// A time as listen and people write it: RFC 3339, or a number of such units since the epoch.
std::optional<std::int64_t> time_of(const Value* value, int to_ms) {
  if (!value) return std::nullopt;
  if (value->kind == Value::Kind::string) return read_rfc3339(value->string);
  return value->kind == Value::Kind::number ? milliseconds_of(value->text, to_ms) : std::nullopt;
}

std::string_view without_space(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r"), text.size()));
  return text;
}

}  // namespace

Item::Item(std::string text, bool rows, const Rule& rule) : line(std::move(text)) {
  if (rows && line.starts_with('\t')) {  // its store could not read it
    row = read_row_text(std::string_view(line).substr(1));
    why = row->error;
    return;
  }
  if (line.starts_with(kUnreadable)) {
    why = line.substr(1);
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
  if (is_message(value, rule)) respell(value, spelling);
}

std::optional<std::int64_t> Item::time_ms(bool received_now) const {
  if (row && row->at_ms != 0) return in_range(row->at_ms);
  if (!received_now)
    if (const auto received = time_of(value.find("received_at"), 0)) return received;
  return time_of(value.find("timestamp"), 3);
}

}  // namespace iso::reconcile
