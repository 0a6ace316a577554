#include "reconcile/sides/reduced.h"

#include <algorithm>
#include <span>
#include <utility>

#include "reconcile/json/value.h"
#include "record/elements.h"
#include "record/members.h"
#include "record/pointer.h"

namespace iso::reconcile {
namespace {

constexpr std::size_t kShort = 1024;  // bytes of a member that stays

using Tokens = std::span<const std::string>;

void append_reduced(std::string& out, std::string_view json, const std::vector<Tokens>& wanted);

// The next of those that lead below `name`.
std::vector<Tokens> below(const std::vector<Tokens>& wanted, std::string_view name) {
  std::vector<Tokens> all;
  for (const Tokens& tokens : wanted)
    if (!tokens.empty() && tokens.front() == name) all.push_back(tokens.subspan(1));
  return all;
}

void append_object(std::string& out, std::string_view json, const std::vector<Tokens>& wanted) {
  char before = '{';
  ObjectWalker walker(json);
  while (const auto member = walker.next()) {
    const auto further = below(wanted, read_json_string(member->name).value_or(""));
    const bool is_scalar = member->value[0] != '{' && member->value[0] != '[';
    if (further.empty() && !(is_scalar && member->value.size() <= kShort)) continue;
    out += std::exchange(before, ',');
    out += member->name;
    out += ':';
    append_reduced(out, member->value, further);
  }
  out += before == '{' ? "{}" : "}";
}

// As far as the last element that is wanted; those before it are there, so that it has its place.
void append_array(std::string& out, std::string_view json, const std::vector<Tokens>& wanted) {
  std::size_t last = 0;
  for (const Tokens& tokens : wanted)
    if (const auto index = tokens.empty() ? std::nullopt : index_of(tokens.front()))
      last = std::max(last, *index + 1);
  char before = '[';
  ElementWalker walker(json);
  for (std::size_t i = 0; i < last; ++i) {
    const auto element = walker.next();
    if (!element) break;
    out += std::exchange(before, ',');
    const auto further = below(wanted, std::to_string(i));
    further.empty() ? void(out += '0') : append_reduced(out, *element, further);
  }
  out += before == '[' ? "[]" : "]";
}

void append_reduced(std::string& out, std::string_view json, const std::vector<Tokens>& wanted) {
  if (json[0] == '{')
    append_object(out, json, wanted);
  else if (json[0] == '[')
    append_array(out, json, wanted);
  else
    out += json;
}

}  // namespace

std::string reduced(std::string_view object, const KeyPointers& key) {
  std::vector<Tokens> wanted(key.begin(), key.end());
  std::string out;
  append_reduced(out, object, wanted);
  return out;
}

}  // namespace iso::reconcile
