#pragma once

#include <string_view>

namespace iso {

// The type of exchange that --declare creates for a binding: the one on which its key has a meaning.
constexpr std::string_view exchange_kind_for(std::string_view routing_key) {
  if (routing_key.empty()) return "fanout";
  return routing_key.find_first_of("*#") == routing_key.npos ? "direct" : "topic";
}

}  // namespace iso
