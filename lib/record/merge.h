#pragma once

#include "record/record.h"

namespace iso {

// Sets every field of `record` that is unset and is set in `below`. `headers` are merged name by name. An id
// that is null counts as set. The body comes from `record`, or if it has none, from `below`.
void fill(Record& record, const Record& below);

}  // namespace iso
