#include "discovery/discovery.h"

#include <fmt/core.h>

namespace iso::discovery {
namespace {

constexpr std::chrono::seconds kSpare{1};  // how long a registry that failed is not asked again

std::string_view name_of(RegistryKind registry) {
  switch (registry) {
    case RegistryKind::dns:
      return "the DNS";
    case RegistryKind::etcd:
      return "etcd";
    case RegistryKind::redis:
      return "Redis";
  }
  return "";
}

}  // namespace

Discovery::Discovery(LookUp look_up, std::function<double()> random, const Clock& clock)
    : look_up_(std::move(look_up)), random_(std::move(random)), clock_(clock) {}

std::vector<Instance> Discovery::find(const ServiceUrl& url) {
  Known& known = known_[fmt::format("{} {}", static_cast<int>(url.registry), url.service)];
  const Found& found = look_up(known, url);
  if (found.instances.empty())
    throw Error(ErrorKind::unavailable, fmt::format("the service {} has no instance: {} has no entry for it",
                                                    url.service, name_of(url.registry)));
  return in_order(found.instances, random_);
}

const Found& Discovery::look_up(Known& known, const ServiceUrl& url) {
  const auto now = clock_.steady();
  const bool usable = now < known.asked + known.found.usable;
  if (now < known.asked + known.found.fresh) return known.found;
  if (known.trouble && now < known.troubled + kSpare) {
    if (usable) return known.found;
    throw Error(*known.trouble);
  }
  try {
    known.found = look_up_(url.registry, url.service);
    known.asked = now;
    known.trouble.reset();
  } catch (const Error& error) {
    known.trouble = error;
    known.troubled = clock_.steady();
    if (!usable || error.kind() != ErrorKind::unavailable) throw;
  }
  return known.found;
}

Discovery::LookUp registries(RegistryOptions options) {
  return [options = std::move(options)](RegistryKind registry, const std::string& service) {
    switch (registry) {
      case RegistryKind::dns:
        return find_in_dns(service, options);
      case RegistryKind::etcd:
        return find_in_etcd(service, options);
      case RegistryKind::redis:
        return find_in_redis(service, options);
    }
    return Found{};
  };
}

}  // namespace iso::discovery
