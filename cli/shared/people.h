#pragma once

#include <string_view>

namespace iso::cli {

// Writes "LABEL: TEXT" and a line break to standard error; failures are ignored. The text may come from
// anywhere: anything that looks like a secret is masked (base/secrets.h), control characters are escaped, and
// each line after the first is indented, so that no text can pass for another message of iso. `color` is an
// escape sequence, or "".
void tell_people(std::string_view label, std::string_view text, std::string_view color = {});

// Writes bytes to standard error unchanged: escape sequences, a progress line.
void write_to_people(std::string_view bytes);

}  // namespace iso::cli
