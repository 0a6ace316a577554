#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace iso {

// A JSON number (RFC 8259 section 6) by its value: ± 0.DIGITS · 10^exponent, with no zero at either end of
// the digits. Zero has no digits and no sign. Exact, whatever the length. An exponent may have 18 digits, not
// counting leading zeros; a number with a longer one is odd: it equals another odd number only if their
// exponents are the same text, and its order is right only relative to numbers that are not odd.
class Number {
 public:
  // `text` is a well-formed number and outlives this.
  explicit Number(std::string_view text);

  // Appends bytes that are the same for equal numbers and that compare as the numbers do. No such sequence is
  // a prefix of another, so that something can follow it.
  void append_ordered(std::string& out) const;

  // ± digits · 10^exponent, without a zero at the end of the digits.
  struct Small {
    bool negative = false;
    std::uint64_t digits = 0;
    std::int64_t exponent = 0;
  };
  static constexpr int kSmallDigits = 18;
  // The number in this form if it has at most kSmallDigits digits. The same for equal numbers.
  std::optional<Small> small() const;

 private:
  void read_exponent(std::string_view text);
  void trim(std::string_view before, std::string_view after);

  std::string_view odd_;
  bool negative_ = false;
  bool tiny_ = false;  // of an odd one: nearer to zero than every number that is not odd
  std::int64_t exponent_ = 0;
  std::string_view first_, second_;  // the digits, before and after a point between them
};

bool same_number(std::string_view one, std::string_view other);

}  // namespace iso
