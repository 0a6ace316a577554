#pragma once

#include <string_view>
#include <sys/socket.h>

namespace iso::http {

// Whether an address is public: not loopback, link-local, private, shared, multicast or unassignable, nor an
// IPv6 address that embeds such an IPv4 address (RFC 6890, RFC 4193, RFC 6598, RFC 6052).
bool is_public(const sockaddr& address);

// The same for the host of a URL, without brackets. True for a name, which may resolve to any address.
bool may_be_public(std::string_view host);

}  // namespace iso::http
