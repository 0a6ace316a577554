#pragma once

#include <string>

#include "cli/shared/environment.h"
#include "discovery/registry.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace iso::cli {

// An empty text: not given.
struct RegistryFlags {
  std::string registry, dns_server;
};

// --registry URL; `what` is what it is used for.
CLI::Option* add_registry_option(CLI::App& app, RegistryFlags& flags, const std::string& what);
// --dns-server IP[:PORT]
CLI::Option* add_dns_server_option(CLI::App& app, RegistryFlags& flags);

// --registry, else ETCDCTL_ENDPOINTS and REDIS_URL, else each on this machine. Throws ErrorKind::usage.
discovery::RegistryOptions registries_of(const RegistryFlags& flags, const Environment& environment);

// Which one --registry names. Throws ErrorKind::usage.
discovery::RegistryKind registry_kind(const std::string& url);

}  // namespace iso::cli
