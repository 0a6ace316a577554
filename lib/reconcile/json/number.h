#pragma once

#include "record/number.h"

namespace iso::reconcile {

using iso::Number;
using iso::same_number;

}  // namespace iso::reconcile
