#include "same.h"

#include <algorithm>
#include <cmath>

namespace iso::fuzz {
namespace {

template <class Real>
bool both_nan(const Field& left, const Field& right) {
  const auto* a = std::get_if<Real>(&left.value);
  const auto* b = std::get_if<Real>(&right.value);
  return a && b && std::isnan(*a) && std::isnan(*b);
}

bool same(const Field& left, const Field& right) {
  if (left.value.index() != right.value.index()) return false;
  if (both_nan<double>(left, right) || both_nan<float>(left, right)) return true;
  if (const auto* table = std::get_if<FieldTable>(&left.value))
    return fuzz::same(*table, std::get<FieldTable>(right.value));
  if (const auto* array = std::get_if<FieldArray>(&left.value)) {
    const auto& other = std::get<FieldArray>(right.value);
    return std::equal(array->begin(), array->end(), other.begin(), other.end(),
                      [](const Field& a, const Field& b) { return same(a, b); });
  }
  return left == right;
}

}  // namespace

bool same(const FieldTable& left, const FieldTable& right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(), [](const auto& a, const auto& b) {
    return a.first == b.first && same(a.second, b.second);
  });
}

bool same(Record left, Record right) {
  if (left.headers.has_value() != right.headers.has_value()) return false;
  if (left.headers && !same(*left.headers, *right.headers)) return false;
  left.headers.reset();
  right.headers.reset();
  return left == right;
}

std::string written(const FieldTable& table) {
  std::string out;
  append_fields(out, table);
  return out;
}

}  // namespace iso::fuzz
