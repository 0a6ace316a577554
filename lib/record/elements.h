#pragma once

#include <optional>
#include <string_view>

namespace iso {

// Walks the elements of one JSON array that is known to be well formed.
class ElementWalker {
 public:
  explicit ElementWalker(std::string_view array);  // starts at its bracket
  std::optional<std::string_view> next();          // as a slice of the text

 private:
  std::string_view rest_;
};

}  // namespace iso
