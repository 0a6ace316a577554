#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace iso::discovery {

// One server of a service.
struct Instance {
  std::string host;  // an IPv6 address without brackets
  std::uint16_t port = 0;
  unsigned priority = 0;  // the lowest number is tried first
  unsigned weight = 1;    // its share among those of the same priority; 0: rarely chosen
  std::vector<std::string> addresses =
      {};  // of the host, if the registry gives them; empty: resolve the host
  bool operator==(const Instance&) const = default;
};

// The most addresses per host that are used.
inline constexpr std::size_t kMostAddresses = 16;

// Whether it has a valid host and port, so that it can be part of a URL: a name in a DNS response may contain
// any bytes.
bool is_instance(const Instance& instance);

// "host:80", "[::1]:80"
std::string address_of(const Instance& instance);

// Reads "HOST:PORT" or "[IPV6]:PORT"; the port is optional if `default_port` is not 0. Nothing if it is
// invalid.
std::optional<Instance> read_address(std::string_view text, std::uint16_t default_port);

// Reads an entry of a registry: "HOST:PORT", or {"host":…,"port":…} with an optional "priority" and "weight";
// ignores other members. Nothing if it is invalid.
std::optional<Instance> read_instance(std::string_view entry);

// Sorts instances into the order to try them: by priority, and at random by weight within one priority
// (RFC 2782). `random` returns numbers from 0 to 1.
std::vector<Instance> in_order(std::vector<Instance> instances, const std::function<double()>& random);

}  // namespace iso::discovery
