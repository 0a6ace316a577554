#pragma once

#include <string_view>
#include <sys/socket.h>

namespace iso::http {

// Whether an address is one of the public internet: not loopback, link-local, private, shared, multicast or
// of no host at all, nor an IPv4 address of these in one of IPv6 (RFC 6890, RFC 4193, RFC 6598, RFC 6052).
bool is_public(const sockaddr& address);

// The same of a URL's host without brackets. True if it is a name, which may lead anywhere.
bool may_be_public(std::string_view host);

}  // namespace iso::http
