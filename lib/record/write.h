#pragma once

#include <string>
#include <string_view>

#include "record/record.h"

namespace iso {

// Appends `text` as a JSON string with its quotes. Only what RFC 8259 section 7 requires is escaped. A byte
// that is not UTF-8, which JSON cannot carry, becomes '?'.
void append_json_string(std::string& out, std::string_view text);

// Appends one JSON value on one line: line breaks between tokens become spaces, all other bytes stay.
void append_one_line(std::string& out, std::string_view json);

enum class BodyAs { best, base64, left_out };

// Appends the record as one JSON object on one line, without the newline. Unset fields are left out. The body
// comes last: under `body`, `text` or `base64` by its kind (best), always under `base64`, or not at all.
void append_record(std::string& out, const Record& record, BodyAs as = BodyAs::best);

}  // namespace iso
