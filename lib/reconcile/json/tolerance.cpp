#include "reconcile/json/tolerance.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <string>

#include "reconcile/json/number.h"
#include "record/plain.h"
#include "record/scan.h"
#include "record/time.h"

namespace iso::reconcile {
namespace {

__extension__ using Wide = __int128;

constexpr std::int64_t kWidest = 18;  // powers of ten that a number of 18 digits still has room for

// The number that a value is or spells.
std::optional<std::string_view> number_of(const Value& value) {
  if (value.kind == Value::Kind::number) return value.text;
  const std::string_view text = value.string;
  if (value.kind != Value::Kind::string || text.empty() || !(text[0] == '-' || is_digit(text[0])) ||
      is_space(text.back()) || !is_json(text))
    return std::nullopt;
  return text;
}

Wide scaled(const Number::Small& number, std::int64_t exponent) {
  Wide value = number.digits;
  for (std::int64_t i = number.exponent; i > exponent; --i) value *= 10;
  return number.negative ? -value : value;
}

long double approximate(std::string_view number) {
  return std::strtold(std::string(number).c_str(), nullptr);
}

// Exact for numbers of up to 18 digits that are not of very different sizes.
bool are_within(std::string_view left, std::string_view right, std::string_view most) {
  const auto one = Number(left).small(), other = Number(right).small(), limit = Number(most).small();
  if (one && other && limit) {
    const auto exponents = {one->exponent, other->exponent, limit->exponent};
    const auto [least, largest] = std::minmax(exponents);
    if (largest - least <= kWidest) {
      const Wide apart = scaled(*one, least) - scaled(*other, least);
      return (apart < 0 ? -apart : apart) <= scaled(*limit, least);
    }
  }
  return std::fabs(approximate(left) - approximate(right)) <= approximate(most);
}

// Milliseconds since the epoch, as a number.
std::optional<std::string> time_of(const Value& value) {
  if (const auto seconds = number_of(value))
    return std::string(*seconds) + (seconds->find_first_of("eE") == seconds->npos ? "e3" : "");
  if (value.kind != Value::Kind::string) return std::nullopt;
  const auto time = read_rfc3339(value.string);
  return time ? std::optional(std::to_string(*time)) : std::nullopt;
}

}  // namespace

bool is_within(const Value& left, const Value& right, const Tolerance& tolerance) {
  if (!tolerance.number.empty()) {
    const auto one = number_of(left), other = number_of(right);
    return one && other && are_within(*one, *other, tolerance.number);
  }
  const auto one = time_of(left), other = time_of(right);
  return one && other && are_within(*one, *other, std::to_string(tolerance.milliseconds));
}

}  // namespace iso::reconcile
