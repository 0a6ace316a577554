#pragma once

#include <string>

#include "record/record.h"

namespace iso::reconcile {

// The name of a field that JSON cannot carry because its bytes are not UTF-8; "" if there is none. Two
// different such texts could look the same.
std::string field_beyond_json(const Record& record);

}  // namespace iso::reconcile
