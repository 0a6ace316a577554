#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace iso {

// "250ms", "5s", "1.5m", "2h", "7d"; a bare number is seconds. Throws Error(ErrorKind::usage).
std::chrono::milliseconds parse_duration(std::string_view text);

// The same in seconds: "0.25s", "5s", "5400s".
std::string duration_text(std::chrono::milliseconds duration);

}  // namespace iso
