#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace iso {

// Milliseconds since the epoch of an RFC 3339 date-time; finer digits are dropped. A leap second counts as
// the second after it. Nothing if the text is not a date-time.
std::optional<std::int64_t> read_rfc3339(std::string_view text);

// "2026-01-31T09:30:00.000Z"
void append_rfc3339(std::string& out, std::int64_t milliseconds);

}  // namespace iso
