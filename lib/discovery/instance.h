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
  std::string host;  // an IPv6 address without its brackets
  std::uint16_t port = 0;
  unsigned priority = 0;                    // those of the lowest number are tried first
  unsigned weight = 1;                      // among those of one priority: its share; 0: hardly ever
  std::vector<std::string> addresses = {};  // of the host, if the registry says them; else it is looked up
  bool operator==(const Instance&) const = default;
};

// Most addresses of one host that are used.
inline constexpr std::size_t kMostAddresses = 16;

// Whether it can be a part of a URL, and is one host and port there: a name in an answer from the DNS may
// contain any bytes.
bool is_instance(const Instance& instance);

// "host:80", "[::1]:80"
std::string address_of(const Instance& instance);

// "HOST:PORT" or "[IPV6]:PORT", or without a port if there is a default (not 0). Nothing if it is neither.
std::optional<Instance> read_address(std::string_view text, std::uint16_t default_port);

// Reads an entry of a registry: "HOST:PORT", or {"host":…,"port":…} with an optional "priority" and "weight";
// other members are ignored. Nothing if it is neither.
std::optional<Instance> read_instance(std::string_view entry);

// Sorts instances into the order to try them: by priority, and at random by weight within one priority
// (RFC 2782). `random` returns numbers from 0 to 1.
std::vector<Instance> in_order(std::vector<Instance> instances, const std::function<double()>& random);

}  // namespace iso::discovery
