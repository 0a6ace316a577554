// Whatever a registry answers, those it names are hosts with a port that stay one host and port in a URL, and
// they are not too many. The first byte says who answers: e, etcd, in JSON; d, the DNS, its message; else an
// entry alone, as Redis has it.
#include "discovery/registry.h"

#include "discovery/etcd_answer.h"
#include "http/uri.h"
#include "record/scan.h"
#include "require.h"

using namespace iso;
using namespace iso::discovery;
using namespace iso::http;
using fuzz::require;

namespace {

void check(const Instance& instance) {
  const std::string address = address_of(instance);
  const auto again = read_instance(address);
  require(again && again->host == instance.host && again->port == instance.port,
          "an instance is read from its address", address);
  const auto origin = origin_of("http://" + address + "/x?y");
  require(origin.has_value() && origin->port == instance.port, "an instance is a part of a URL", address);
  require(origin->host.size() == instance.host.size(), "its host is the URL's", address, origin->host);
  require(instance.priority <= UINT16_MAX && instance.weight <= UINT16_MAX, "its numbers are within bounds",
          address);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto answer = fuzz::text_of(data + 1, size - 1);
  std::vector<Instance> instances;
  if (data[0] == 'e') {
    if (is_json(answer)) instances = instances_in_etcd(std::string(answer));
  } else if (data[0] == 'd') {
    const Found found = found_in_dns(answer);
    instances = found.instances;
    require(found.fresh.count() >= 0 && found.fresh <= std::chrono::seconds(UINT32_MAX),
            "a time to live is within bounds");
  } else if (auto instance = read_instance(answer)) {
    instances.push_back(*std::move(instance));
  }
  require(instances.size() <= kMostInstances, "instances are not too many");
  for (const auto& instance : instances) check(instance);
  for (const double random : {0.0, 0.5, 1.0}) {
    const auto order = in_order(instances, [random] { return random; });
    require(order.size() == instances.size(), "each has its place in the order");
    for (std::size_t i = 1; i < order.size(); ++i)
      require(order[i - 1].priority <= order[i].priority, "the order goes by priority");
  }
  return 0;
}
