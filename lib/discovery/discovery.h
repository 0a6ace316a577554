#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "discovery/registry.h"
#include "discovery/service_url.h"

namespace iso::discovery {

// Looks services up and caches the results for as long as they allow. Not thread-safe.
class Discovery {
 public:
  using LookUp = std::function<Found(RegistryKind, const std::string& service)>;

  // `random` returns numbers from 0 to 1.
  Discovery(LookUp look_up, std::function<double()> random, const Clock& clock = system_clock());

  // Returns the instances in the order to try; the order is drawn anew each time. Throws
  // ErrorKind::unavailable if the service has no instance, or if its registry fails and no cached result is
  // usable.
  std::vector<Instance> find(const ServiceUrl& url);

 private:
  struct Known {
    Found found;
    Clock::Steady asked{};
    std::optional<Error> trouble;  // the error of the last lookup
    Clock::Steady troubled{};
  };

  const Found& look_up(Known& known, const ServiceUrl& url);

  LookUp look_up_;
  std::function<double()> random_;
  const Clock& clock_;
  std::map<std::string, Known> known_;
};

// Looks services up in the registries themselves.
Discovery::LookUp registries(RegistryOptions options);

}  // namespace iso::discovery
