#pragma once

#include <string_view>

namespace iso::cli {

// Writes "LABEL: TEXT" and a line's end to standard error, as far as it can be written. The text may come
// from anywhere: what looks like a secret is masked (base/secrets.h), what a terminal would obey is escaped,
// and each line but the first is indented, so that no text can pass for a line of ours. `color` is an escape
// sequence, or "".
void tell_people(std::string_view label, std::string_view text, std::string_view color = {});

// Writes bytes of ours to standard error: escape sequences, a progress line.
void write_to_people(std::string_view bytes);

}  // namespace iso::cli
