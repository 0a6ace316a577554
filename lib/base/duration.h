#pragma once

#include <chrono>
#include <string_view>

namespace iso {

// "250ms", "5s", "1.5m", "2h", "7d"; a bare number is seconds. Throws Error(Kind::usage).
std::chrono::milliseconds parse_duration(std::string_view text);

}  // namespace iso
