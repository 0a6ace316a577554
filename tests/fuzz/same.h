#pragma once

#include <string>

#include "record/field.h"
#include "record/record.h"

namespace iso::fuzz {

// Equal, and one nan is as good as another.
bool same(const FieldTable& left, const FieldTable& right);
bool same(Record left, Record right);

std::string written(const FieldTable& table);

}  // namespace iso::fuzz
