#include "discovery/instance.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cmath>
#include <fmt/core.h>

#include "base/host_port.h"
#include "base/integer.h"
#include "record/members.h"
#include "record/scan.h"

namespace iso::discovery {
namespace {

bool is_ipv6(std::string_view host) {
  in6_addr address;
  return host.find('\0') == host.npos && inet_pton(AF_INET6, std::string(host).c_str(), &address) == 1;
}

bool is_host(std::string_view host) {
  if (is_ipv6(host)) return true;
  return !host.empty() && std::all_of(host.begin(), host.end(), [](unsigned char c) {
    return c > ' ' && c < 0x7F &&
           std::string_view(":/?#@\\[]<>\"{}|^`%,").find(static_cast<char>(c)) == std::string_view::npos;
  });
}

std::optional<Instance> valid(Instance instance) {
  if (!is_instance(instance)) return std::nullopt;
  return instance;
}

std::optional<Instance> read_object(std::string_view entry) {
  Instance instance;
  ObjectWalker walker(entry);
  while (const auto member = walker.next()) {
    const auto name = read_json_string(member->name).value_or("");
    if (name == "host" && member->value.starts_with('"')) {
      instance.host = read_json_string(member->value).value_or("");
    } else if (name == "port") {
      instance.port = read_integer<std::uint16_t>(member->value).value_or(0);
    } else if (name == "priority" || name == "weight") {
      const auto number = read_integer<std::uint16_t>(member->value);
      if (!number) return std::nullopt;
      (name == "weight" ? instance.weight : instance.priority) = *number;
    }
  }
  return valid(std::move(instance));
}

// Chooses one of [first, last), which all have the same priority, at random by weight: draws a number from 0
// to the sum of the weights, both included, so that a weight of 0 has a small chance.
std::vector<Instance>::iterator draw(std::vector<Instance>::iterator first,
                                     std::vector<Instance>::iterator last, double random) {
  double sum = 0;
  for (auto it = first; it != last; ++it) sum += it->weight;
  if (sum == 0) {
    const auto count = last - first;
    return first + std::min(static_cast<std::ptrdiff_t>(random * static_cast<double>(count)), count - 1);
  }
  const double wanted = std::floor(random * (sum + 1));
  const auto none = std::find_if(first, last, [](const Instance& one) { return one.weight == 0; });
  if (wanted < 1 && none != last) return none;
  double running = 0;
  auto chosen = first;
  for (auto it = first; it != last; ++it) {
    if (it->weight == 0) continue;
    chosen = it;
    running += it->weight;
    if (running >= wanted) break;
  }
  return chosen;
}

}  // namespace

bool is_instance(const Instance& instance) {
  return is_host(instance.host) && instance.port != 0;
}

std::string address_of(const Instance& instance) {
  return host_port_text(instance.host, instance.port);
}

std::optional<Instance> read_address(std::string_view text, std::uint16_t default_port) {
  const auto parts = split_host_port(text);
  if (!parts || (parts->bracketed && !is_ipv6(parts->host))) return std::nullopt;
  return valid({std::string(parts->host), parts->port != 0 ? parts->port : default_port});
}

std::optional<Instance> read_instance(std::string_view entry) {
  if (!entry.starts_with('{')) return read_address(entry, 0);
  if (!is_json(entry)) return std::nullopt;
  return read_object(entry);
}

std::vector<Instance> in_order(std::vector<Instance> instances, const std::function<double()>& random) {
  std::stable_sort(instances.begin(), instances.end(),
                   [](const Instance& a, const Instance& b) { return a.priority < b.priority; });
  for (auto next = instances.begin(); next != instances.end(); ++next) {
    const auto last = std::find_if(next, instances.end(),
                                   [&](const Instance& one) { return one.priority != next->priority; });
    std::iter_swap(next, draw(next, last, random()));
  }
  return instances;
}

}  // namespace iso::discovery
