#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reconcile/json/value.h"

namespace iso::reconcile {

// Where the parts of a key are in the items of one side.
using KeyPointers = std::vector<std::vector<std::string>>;

// A key in a form whose order as bytes is the order of keys: part by part; false, true, numbers by value,
// text by its bytes. Nothing if a part is missing, null, an array or an object.
std::optional<std::string> ordered_key(const Value& item, const KeyPointers& pointers);

// Appends one part, from its JSON. False if it cannot be part of a key.
bool append_ordered_part(std::string& key, std::string_view json);

// The same for people and programs: JSON as it stands in the item; an array if the key has several parts.
std::string key_json(const Value& item, const KeyPointers& pointers);

}  // namespace iso::reconcile
