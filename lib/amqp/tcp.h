#pragma once

#include <cstdint>
#include <string>

#include "amqp/deadline.h"
#include "base/file.h"

namespace iso::amqp {

// A TCP connection to the first address of the host that takes it, each with its share of the time; the
// socket does not block. Throws ErrorKind::unavailable with why the last address failed.
Descriptor connect_tcp(const std::string& host, std::uint16_t port, Deadline& deadline);

}  // namespace iso::amqp
