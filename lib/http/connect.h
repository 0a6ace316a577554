#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "base/file.h"

namespace iso::http {

// A TCP connection, by no proxy, to a host that is looked up first. No wait is longer than `timeout`.
// Throws ErrorKind::unavailable.
Descriptor connect_to(const std::string& host, std::uint16_t port, std::chrono::milliseconds timeout);

}  // namespace iso::http
