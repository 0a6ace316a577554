#include "cli/shared/registry_options.h"

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include "base/error.h"

namespace iso::cli {
namespace {

constexpr std::string_view kEtcd = "etcd+", kRedis = "redis://";

HostPort dns_server_of(std::string_view text) {
  const auto server = split_host_port(text);
  if (!server || server->host.empty())
    throw Error(ErrorKind::usage, fmt::format("--dns-server {}: say IP or IP:PORT", text));
  return {std::string(server->host), server->port};
}

}  // namespace

CLI::Option* add_registry_option(CLI::App& app, RegistryFlags& flags, const std::string& what) {
  return app
      .add_option(
          "--registry", flags.registry,
          what +
              ": etcd+http://HOST:PORT or redis://HOST:PORT; otherwise ETCDCTL_ENDPOINTS or REDIS_URL, "
              "otherwise localhost")
      ->type_name("URL");
}

CLI::Option* add_dns_server_option(CLI::App& app, RegistryFlags& flags) {
  return app.add_option("--dns-server", flags.dns_server, "DNS server to look services up in")
      ->type_name("IP[:PORT]");
}

discovery::RegistryKind registry_kind(const std::string& url) {
  if (url.starts_with(kRedis)) return discovery::RegistryKind::redis;
  if (url.starts_with("etcd+http://") || url.starts_with("etcd+https://"))
    return discovery::RegistryKind::etcd;
  throw Error(ErrorKind::usage,
              "--registry is etcd+http://HOST:PORT, etcd+https://HOST:PORT or redis://HOST:PORT");
}

discovery::RegistryOptions registries_of(const RegistryFlags& flags, const Environment& environment) {
  discovery::RegistryOptions options;
  if (auto endpoints = environment.variable("ETCDCTL_ENDPOINTS")) options.etcd = std::move(*endpoints);
  if (auto url = environment.variable("REDIS_URL")) options.redis = std::move(*url);
  if (!flags.dns_server.empty()) options.dns_server = dns_server_of(flags.dns_server);
  if (flags.registry.empty()) return options;
  if (registry_kind(flags.registry) == discovery::RegistryKind::redis)
    options.redis = flags.registry;
  else
    options.etcd = flags.registry.substr(kEtcd.size());
  return options;
}

}  // namespace iso::cli
