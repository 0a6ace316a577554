#include "record/flat.h"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "base/error.h"

namespace iso {

std::vector<std::pair<std::string, std::string>> read_flat(std::string_view json) {
  try {
    std::vector<std::pair<std::string, std::string>> members;
    const auto object = nlohmann::ordered_json::parse(json);
    if (!object.is_object()) throw Error(ErrorKind::data, "not a JSON object");
    for (const auto& [key, value] : object.items()) {
      if (!value.is_string()) throw Error(ErrorKind::data, fmt::format("\"{}\" must be a string", key));
      members.emplace_back(key, value.get<std::string>());
    }
    return members;
  } catch (const nlohmann::json::exception& error) {
    throw Error(ErrorKind::data, fmt::format("not JSON: {}", error.what()));
  }
}

}  // namespace iso
