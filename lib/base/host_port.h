#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace iso {

struct HostPort {
  std::string host;        // without the brackets of IPv6
  std::uint16_t port = 0;  // 0: the scheme's own
  bool operator==(const HostPort&) const = default;
};

// The same as written: nothing is decoded, and the host may be empty.
struct WrittenHostPort {
  std::string_view host;  // without its brackets
  bool bracketed = false;
  std::uint16_t port = 0;
};

// HOST, HOST:PORT, [IPV6] or [IPV6]:PORT (RFC 3986 section 3.2). PORT is 1 to 65535, or left out also behind
// its colon. Nothing if it is not one of these; an IPv6 address needs its brackets.
std::optional<WrittenHostPort> split_host_port(std::string_view text);

// "host:80", "[::1]:80"; without its port if that is 0.
std::string host_port_text(std::string_view host, std::uint16_t port);

}  // namespace iso
