#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "discovery/instance.h"

namespace iso::discovery {

// What is at a JSON pointer of an answer.
std::optional<std::string> part_of(std::string_view json, std::string_view pointer);

// Who is named by the answer, which is JSON, to a question for a range of keys. What is no instance is left
// out.
std::vector<Instance> instances_in_etcd(const std::string& answer);

}  // namespace iso::discovery
