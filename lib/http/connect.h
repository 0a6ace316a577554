#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "base/file.h"

namespace iso::http {

// Opens a TCP connection without a proxy, resolving `host` first. Takes at most `timeout`. Throws
// ErrorKind::unavailable.
Descriptor connect_to(const std::string& host, std::uint16_t port, std::chrono::milliseconds timeout);

}  // namespace iso::http
