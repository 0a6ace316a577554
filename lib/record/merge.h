#pragma once

#include "record/record.h"

namespace iso {

// Sets in `record` every field that is unset there and set in `below`. `headers` merge name by name. A null
// id counts as set. The body is the record's own; if it has none, the one below.
void fill(Record& record, const Record& below);

}  // namespace iso
