#pragma once

#include <cstdint>
#include <memory>
#include <netdb.h>
#include <string>

#include "amqp/deadline.h"

namespace iso::amqp {

struct FreeAddresses {
  void operator()(addrinfo* list) const noexcept { freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

// The addresses of a host, by the system's resolver, in its order; at least one. Throws
// ErrorKind::unavailable with why there are none.
Addresses look_up(const std::string& host, std::uint16_t port, Deadline& deadline);

}  // namespace iso::amqp
