#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace iso {

// A JSON object whose values are all strings, in order. Throws Error(ErrorKind::data).
std::vector<std::pair<std::string, std::string>> read_flat(std::string_view json);

}  // namespace iso
