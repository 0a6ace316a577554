#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "fetch/registry.h"

namespace iso {

// A URL of a service that is looked up first: http+srv://_shop._tcp.example/path, http+etcd://shop/path,
// http+redis://shop/path, and the same with https.
struct ServiceUrl {
  RegistryKind registry = RegistryKind::dns;
  std::string service;      // "_shop._tcp.example", "shop"
  std::string scheme;       // "http", "https"
  std::string credentials;  // "user:password@", or ""
  std::string rest;         // path and query, as they were given
};

// Nothing: the URL is none of a service.
std::optional<ServiceUrl> read_service_url(std::string_view url);

// The same resource at one of those who offer it.
std::string url_at(const ServiceUrl& url, const Instance& instance);

// Looks services up, and remembers what was found for as long as it may. For one thread.
class Discovery {
 public:
  using LookUp = std::function<Found(RegistryKind, const std::string& service)>;

  // `random` gives numbers from 0 to 1.
  Discovery(LookUp look_up, std::function<double()> random, const Clock& clock = system_clock());

  // In the order to try; drawn anew each time. Throws Kind::unavailable: nobody offers the service, or its
  // registry cannot be asked and nothing is known that may still be used.
  std::vector<Instance> find(const ServiceUrl& url);

 private:
  struct Known {
    Found found;
    Clock::Steady asked{};
    std::optional<Error> trouble;  // of the last question
    Clock::Steady troubled{};
  };

  const Found& look_up(Known& known, const ServiceUrl& url);

  LookUp look_up_;
  std::function<double()> random_;
  const Clock& clock_;
  std::map<std::string, Known> known_;
};

// Asks the registries themselves.
Discovery::LookUp registries(RegistryOptions options);

}  // namespace iso
