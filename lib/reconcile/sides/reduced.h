#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "reconcile/json/key.h"

namespace iso::reconcile {

// An object with the members that say what it is alone, for one whose tree has no room: its key, and what is
// short. `object` is well-formed.
std::string reduced(std::string_view object, const KeyPointers& key);

}  // namespace iso::reconcile
