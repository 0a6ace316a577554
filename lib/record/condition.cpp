#include "record/condition.h"

#include <algorithm>
#include <array>
#include <compare>
#include <fmt/core.h>
#include <optional>

#include "base/error.h"
#include "base/text.h"
#include "record/number.h"
#include "record/plain.h"
#include "record/scan.h"

namespace iso {
namespace {

bool is_number(std::string_view text) {
  return !text.empty() && (is_digit(text.front()) || text.front() == '-') && is_digit(text.back()) &&
         is_json(text);
}

std::string ordered(std::string_view number) {
  std::string bytes;
  Number(number).append_ordered(bytes);
  return bytes;
}

// Nothing if one is a number and the other is not.
std::optional<std::strong_ordering> compare(std::string_view one, std::string_view other) {
  if (is_number(one) != is_number(other)) return std::nullopt;
  const int order = is_number(one) ? ordered(one).compare(ordered(other)) : one.compare(other);
  return order <=> 0;
}

bool are_equal(std::string_view one, std::string_view other) {
  return one == other || (is_number(one) && is_number(other) && same_number(one, other));
}

[[noreturn]] void wrong(std::string_view text, std::string_view why) {
  throw Error(ErrorKind::usage,
              fmt::format("--where {}: {}; use /FIELD, or /FIELD=VALUE with =, !=, >, >=, <, <=, ~ or !~",
                          text, why));
}

// The text of a string of JSON, or the value as it is.
std::string value_of(std::string_view text) {
  if (text.size() < 2 || text.front() != '"' || !is_json(text)) return std::string(text);
  return Pointer("/v").text_in(fmt::format("{{\"v\":{}}}", text)).value_or("");
}

}  // namespace

struct Condition::Parts {
  std::string_view pointer;
  Operator how = Operator::exists;
  std::string value;
};

// With spaces around it the operator is where they are, else at the first byte that begins one; a ~ before 0
// or 1 is an escape of the pointer then.
Condition::Parts Condition::parts_of(std::string_view text) {
  struct Name {
    std::string_view text;
    Operator how;
  };
  static constexpr std::array kNames{Name{"!=", Operator::not_equal}, Name{"!~", Operator::contains_not},
                                     Name{">=", Operator::at_least},  Name{"<=", Operator::at_most},
                                     Name{"=", Operator::equal},      Name{">", Operator::above},
                                     Name{"<", Operator::below},      Name{"~", Operator::contains}};
  const auto name_at = [&](std::size_t at) {
    return std::find_if(kNames.begin(), kNames.end(),
                        [&](const Name& name) { return text.substr(at).starts_with(name.text); });
  };
  if (text.find('\0') != text.npos) wrong("", "a zero byte cannot be in it");
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool spaced = text[at] == ' ';
    const auto name = name_at(spaced ? at + 1 : at);
    if (name == kNames.end()) continue;
    const std::size_t end = at + (spaced ? 1 : 0) + name->text.size();
    if (spaced && end < text.size() && text[end] != ' ') continue;
    if (!spaced && name->text == "~" && end < text.size() && (text[end] == '0' || text[end] == '1')) continue;
    const auto value = text.substr(std::min(text.size(), end + (spaced ? 1 : 0)));
    return {text.substr(0, at), name->how, value_of(value)};
  }
  return {text, Operator::exists, {}};
}

Condition::Condition(std::string_view text) try : Condition(parts_of(text)) {
} catch (const Error& error) {
  if (std::string_view(error.what()).starts_with("--where")) throw;
  wrong(text, error.what());
}

Condition::Condition(const Parts& parts)
    : pointer_(parts.pointer), operator_(parts.how), value_(parts.value) {}

bool Condition::holds(const Record& record) const {
  const auto found = pointer_.text_at(record);
  const bool is_negative = operator_ == Operator::not_equal || operator_ == Operator::contains_not;
  if (!found) return is_negative;
  const auto order = [&] { return compare(*found, value_); };
  switch (operator_) {
    case Operator::exists:
      return true;
    case Operator::equal:
      return are_equal(*found, value_);
    case Operator::not_equal:
      return !are_equal(*found, value_);
    case Operator::contains:
      return found->find(value_) != found->npos;
    case Operator::contains_not:
      return found->find(value_) == found->npos;
    case Operator::above:
      return order() && *order() > 0;
    case Operator::at_least:
      return order() && *order() >= 0;
    case Operator::below:
      return order() && *order() < 0;
    case Operator::at_most:
      return order() && *order() <= 0;
  }
  return false;
}

bool hold(const std::vector<Condition>& conditions, const Record& record) {
  return std::all_of(conditions.begin(), conditions.end(),
                     [&](const Condition& condition) { return condition.holds(record); });
}

}  // namespace iso
