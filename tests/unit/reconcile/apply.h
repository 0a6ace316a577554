#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reconcile/json/patch.h"
#include "reconcile/json/value.h"

namespace iso::test {

using namespace reconcile;

// A place that is there, to change what is there.
inline Value* place(Value& root, const std::vector<std::string>& tokens) {
  return const_cast<Value*>(find_value(root, tokens));
}

inline bool add(Value& parent, const std::string& token, const Value& value) {
  if (parent.kind == Value::Kind::array) {
    const auto index = token == "-" ? parent.elements.size() : index_of(token);
    if (!index || *index > parent.elements.size()) return false;
    parent.elements.insert(parent.elements.begin() + static_cast<std::ptrdiff_t>(*index), value);
    return true;
  }
  if (parent.kind != Value::Kind::object) return false;
  if (Value* const there = place(parent, {token})) {
    *there = value;
  } else {
    parent.members.push_back({token, value});
  }
  return true;
}

inline bool remove(Value& parent, const std::string& token) {
  if (place(parent, {token}) == nullptr) return false;
  if (parent.kind == Value::Kind::array) {
    parent.elements.erase(parent.elements.begin() + static_cast<std::ptrdiff_t>(*index_of(token)));
  } else {
    std::erase_if(parent.members, [&](const auto& member) { return member.name == token; });
  }
  return true;
}

inline bool apply_one(const Value& operation, Value& document) {
  const auto word = [&](std::string_view name) { return operation.find(name)->string; };
  const Value* const value = operation.find("value");
  auto tokens = pointer_tokens(word("path"));
  const std::string op = word("op");
  if (op == "test" || op == "replace" || (op == "add" && tokens.empty())) {
    Value* const there = place(document, tokens);
    if (there == nullptr) return false;
    if (op == "test") return same(*there, *value, nullptr);
    *there = *value;
    return true;
  }
  if (tokens.empty()) return false;
  const std::string last = tokens.back();
  tokens.pop_back();
  Value* const parent = place(document, tokens);
  if (parent == nullptr) return false;
  return op == "add" ? add(*parent, last, *value) : op == "remove" && remove(*parent, last);
}

// Applies a JSON Patch (RFC 6902) of add, remove, replace and test. Nothing if an operation fails. The texts
// of arrays and objects in what comes out are not to be relied on.
inline std::optional<Value> apply(std::string_view patch, Value document) {
  const Value operations = read_value(patch);
  for (const Value& operation : operations.elements)
    if (!apply_one(operation, document)) return std::nullopt;
  return document;
}

}  // namespace iso::test
