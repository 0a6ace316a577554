#include "discovery/etcd_answer.h"

#include "base/base64.h"
#include "discovery/registry.h"
#include "record/elements.h"
#include "record/pointer.h"

namespace iso::discovery {

std::optional<std::string> part_of(std::string_view json, std::string_view pointer) {
  return Pointer(pointer).text_in(json);
}

// An empty result has no kvs.
std::vector<Instance> instances_in_etcd(const std::string& answer) {
  std::vector<Instance> instances;
  const auto entries = part_of(answer, "/kvs").value_or("");
  if (!entries.starts_with('[')) return instances;
  ElementWalker walker(entries);
  while (const auto entry = walker.next()) {
    const auto value = part_of(*entry, "/value");
    const auto bytes = value ? read_base64(*value) : std::nullopt;
    if (auto instance = bytes ? read_instance(*bytes) : std::nullopt)
      instances.push_back(*std::move(instance));
    if (instances.size() == kMostInstances) break;
  }
  return instances;
}

}  // namespace iso::discovery
