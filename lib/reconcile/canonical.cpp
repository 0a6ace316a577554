#include <algorithm>

#include "reconcile/comparison.h"
#include "reconcile/number.h"

namespace iso {
namespace {

void append_size(std::string& out, std::size_t size) {
  out += std::to_string(size);
  out += ':';
}

void append_sized(std::string& out, std::string_view text) {
  append_size(out, text.size());
  out += text;
}

void append_members(std::string& out, const Value& object) {
  std::vector<const std::pair<std::string, Value>*> members;
  for (const auto& member : object.members) members.push_back(&member);
  std::sort(members.begin(), members.end(),
            [](const auto* one, const auto* other) { return one->first < other->first; });
  append_size(out, members.size());
  for (const auto* member : members) {
    append_sized(out, member->first);
    append_canonical(out, member->second);
  }
}

}  // namespace

void append_canonical(std::string& out, const Value& value) {
  switch (value.kind) {
    case Value::Kind::null:
      out += 'n';
      return;
    case Value::Kind::boolean:
      out += value.text.front();
      return;
    case Value::Kind::number:
      Number(value.text).append_ordered(out += '0');
      return;
    case Value::Kind::string:
      return append_sized(out += '"', value.string);
    case Value::Kind::array:
      append_size(out += '[', value.elements.size());
      for (const Value& element : value.elements) append_canonical(out, element);
      return;
    case Value::Kind::object:
      return append_members(out += '{', value);
  }
}

}  // namespace iso
