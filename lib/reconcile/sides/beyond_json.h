#pragma once

#include <string>

#include "record/record.h"

namespace iso::reconcile {

// The field of a record that JSON cannot say as it is, since its bytes are not UTF-8; "" if there is none.
// Two such texts would look alike.
std::string field_beyond_json(const Record& record);

}  // namespace iso::reconcile
