#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "discovery/instance.h"

namespace iso::discovery {

// The value at a JSON pointer in a response.
std::optional<std::string> part_of(std::string_view json, std::string_view pointer);

// The instances in the JSON response to a range request. Skips entries that are not valid instances.
std::vector<Instance> instances_in_etcd(const std::string& answer);

}  // namespace iso::discovery
