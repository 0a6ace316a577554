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

// Looks services up, and remembers what was found for as long as it may. For one thread.
class Discovery {
 public:
  using LookUp = std::function<Found(RegistryKind, const std::string& service)>;

  // `random` gives numbers from 0 to 1.
  Discovery(LookUp look_up, std::function<double()> random, const Clock& clock = system_clock());

  // In the order to try; drawn anew each time. Throws ErrorKind::unavailable: nobody offers the service, or
  // its registry cannot be asked and nothing is known that may still be used.
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

}  // namespace iso::discovery
