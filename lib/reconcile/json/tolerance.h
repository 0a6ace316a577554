#pragma once

#include "reconcile/json/rules.h"
#include "reconcile/json/value.h"

namespace iso::reconcile {

// Whether both are numbers, or both are times, and no farther apart than that. A text that is a number counts
// as one.
bool is_within(const Value& left, const Value& right, const Tolerance& tolerance);

}  // namespace iso::reconcile
