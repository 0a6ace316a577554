#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace iso::handlers {

// The last line with anything in it of what a process says, which comes in parts.
class LastLine {
 public:
  void add(std::string_view bytes) {
    tail_ += bytes;
    if (tail_.size() > kTail) tail_.erase(0, tail_.size() - kTail);
  }

  // Without the space around it, as UTF-8 (what is not becomes '?'), and cut where it is very long.
  std::string text() const;

 private:
  static constexpr std::size_t kTail = 4096;
  std::string tail_;
};

}  // namespace iso::handlers
