#pragma once

#include <string_view>

namespace iso {

// The kind of an exchange that --declare creates for a binding: by the key, what the binding would mean
// something on.
constexpr std::string_view exchange_kind_for(std::string_view routing_key) {
  if (routing_key.empty()) return "fanout";
  return routing_key.find_first_of("*#") == routing_key.npos ? "direct" : "topic";
}

}  // namespace iso
