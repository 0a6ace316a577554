#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/host_port.h"
#include "discovery/instance.h"

namespace iso::discovery {

// Where services are looked up.
enum class RegistryKind { dns, etcd, redis };

struct RegistryOptions {
  std::optional<HostPort> dns_server;            // nothing: as /etc/resolv.conf says
  std::string etcd = "http://localhost:2379";    // of etcd's JSON gateway; several, separated by commas
  std::string redis = "redis://localhost:6379";  // redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE]
  std::chrono::milliseconds timeout{2'000};      // of all questions about one service
};

// A registry's answer about a service. No instances: the registry does not know it.
struct Found {
  std::vector<Instance> instances;
  std::chrono::milliseconds fresh{0};   // how long the registry need not be asked again
  std::chrono::milliseconds usable{0};  // how long this may be used if the registry cannot be asked
};

// Each asks one registry. They throw ErrorKind::unavailable if it cannot be asked, and ErrorKind::refused if
// it denies access.
Found find_in_dns(const std::string& service, const RegistryOptions& options);
Found find_in_etcd(const std::string& service, const RegistryOptions& options);
Found find_in_redis(const std::string& service, const RegistryOptions& options);

// What a message of the DNS says, the answer to a question for SRV records, with the addresses that it names
// beside; "" is the answer that there are none.
Found found_in_dns(std::string_view answer);

// Names of entries: in etcd "/iso/services/shop/" followed by the instance, in Redis "iso:service:shop".
std::string etcd_prefix(std::string_view service);
std::string redis_key(std::string_view service);

// Most instances of one service that are looked at.
inline constexpr std::size_t kMostInstances = 100;
// How long an entry without a time to live of its own is used.
inline constexpr std::chrono::seconds kRemembered{10};

}  // namespace iso::discovery
