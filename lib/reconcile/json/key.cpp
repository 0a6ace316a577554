#include "reconcile/json/key.h"

#include <utility>

#include "reconcile/json/number.h"
#include "record/members.h"

namespace iso::reconcile {
namespace {

// Text ends with two zeros; a zero in it is followed by a one.
void append_ordered_text(std::string& out, std::string_view text) {
  for (const char c : text) {
    out += c;
    if (c == '\0') out += '\1';
  }
  out.append(2, '\0');
}

// As Value has them.
std::string read_characters(std::string_view json) {
  auto read = read_json_string(json);
  return read ? std::move(*read) : kNoCharacters + std::string(json);
}

}  // namespace

bool append_ordered_part(std::string& key, std::string_view json) {
  switch (json.front()) {
    case 't':
    case 'f':
      key += json.front() == 't' ? '\2' : '\1';
      return true;
    case '"': {
      const auto inner = json.substr(1, json.size() - 2);
      key += '\4';
      append_ordered_text(key, inner.find('\\') == inner.npos ? std::string(inner) : read_characters(json));
      return true;
    }
    case 'n':
    case '{':
    case '[':
      return false;
    default:
      key += '\3';
      Number(json).append_ordered(key);
      return true;
  }
}

std::optional<std::string> ordered_key(const Value& item, const KeyPointers& pointers) {
  std::string key;
  for (const auto& tokens : pointers) {
    const Value* const part = find_value(item, tokens);
    if (!part || !append_ordered_part(key, part->text)) return std::nullopt;
  }
  return key;
}

std::string key_json(const Value& item, const KeyPointers& pointers) {
  std::string json;
  for (const auto& tokens : pointers) {
    const Value* const part = find_value(item, tokens);
    json += json.empty() ? "" : ",";
    json += part ? part->text : "null";
  }
  return pointers.size() == 1 ? json : "[" + json + "]";
}

}  // namespace iso::reconcile
