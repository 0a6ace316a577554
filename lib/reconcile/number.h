#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace iso {

// A JSON number (RFC 8259 section 6) by its value: ± 0.DIGITS · 10^exponent, with no zero at either end of
// the digits. Zero has no digits, and no sign. Exact, whatever the length. The exponent of the text may have
// 18 digits; beyond that `odd` holds the text, and such numbers are equal only if their texts are.
class Number {
 public:
  // `text` is a well-formed number and outlives this.
  explicit Number(std::string_view text);

  // Appends what is the same for equal numbers, and compares as the numbers do when it is compared as bytes.
  void append_ordered(std::string& out) const;

 private:
  std::string_view odd_;
  bool negative_ = false;
  std::int64_t exponent_ = 0;
  std::string_view first_, second_;  // the digits, before and after a point between them
};

bool same_number(std::string_view one, std::string_view other);

}  // namespace iso
