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
  std::optional<HostPort> dns_server;          // nothing: use /etc/resolv.conf
  std::string etcd = "http://localhost:2379";  // the JSON gateway; several endpoints are separated by commas
  std::string redis = "redis://localhost:6379";  // redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE]
  std::chrono::milliseconds timeout{2'000};      // for the whole lookup of a service
};

// The result of a lookup. No instances: the registry has no entry for the service.
struct Found {
  std::vector<Instance> instances;
  std::chrono::milliseconds fresh{0};   // how long the registry is not asked again
  std::chrono::milliseconds usable{0};  // how long this may be used if the registry fails
};

// Each looks a service up in one registry. Throws ErrorKind::unavailable if the registry cannot be reached,
// and ErrorKind::refused if it denies access.
Found find_in_dns(const std::string& service, const RegistryOptions& options);
Found find_in_etcd(const std::string& service, const RegistryOptions& options);
Found find_in_redis(const std::string& service, const RegistryOptions& options);

// Reads a DNS response to an SRV query, including the addresses in its additional section. "" is a response
// without records.
Found found_in_dns(std::string_view answer);

// Keys: in etcd "/iso/services/shop/" followed by the instance, in Redis "iso:service:shop".
std::string etcd_prefix(std::string_view service);
std::string redis_key(std::string_view service);

// The most instances of one service that are used.
inline constexpr std::size_t kMostInstances = 100;
// How long a lookup in a registry without TTLs stays usable.
inline constexpr std::chrono::seconds kRemembered{10};

}  // namespace iso::discovery
