#include "record/number.h"

#include <cstddef>

#include "base/integer.h"

namespace iso {
namespace {

constexpr std::size_t kLongestExponent = 18;

// The first byte of a number that is not negative; it orders numbers by magnitude. Usual exponents fit into
// this byte; others take eight more.
constexpr unsigned char kZero = 0x80, kTiny = 0x81, kSmall = 0x82, kUsual = 0x83, kLarge = 0xE3, kHuge = 0xE4;
constexpr std::int64_t kLeastUsual = -32, kMostUsual = kLeastUsual + (kLarge - kUsual) - 1;
constexpr std::size_t kLongestStart = 9;
constexpr std::size_t kFew = 32;  // digits that are written in one go

// Two digits a byte, from 1 on, so that the 0 at the end sorts before any further digits.
constexpr char kEnd = 0;

char* put_exponent(char* at, std::int64_t exponent) {
  if (exponent >= kLeastUsual && exponent <= kMostUsual) {
    *at++ = static_cast<char>(kUsual + (exponent - kLeastUsual));
    return at;
  }
  *at++ = static_cast<char>(exponent < 0 ? kSmall : kLarge);
  const auto raised = static_cast<std::uint64_t>(exponent) ^ (std::uint64_t{1} << 63);
  for (int shift = 56; shift >= 0; shift -= 8) *at++ = static_cast<char>(raised >> shift);
  return at;
}

// Treats both runs of digits as one.
char* put_digits(char* at, std::string_view first, std::string_view second) {
  const auto put = [&at](char tens, char ones) {
    *at++ = static_cast<char>(1 + (tens - '0') * 10 + (ones - '0'));
  };
  const auto put_pairs = [&put](std::string_view digits) {
    for (std::size_t i = 0; i + 1 < digits.size(); i += 2) put(digits[i], digits[i + 1]);
  };
  put_pairs(first);
  if (first.size() % 2 != 0) {
    put(first.back(), second.empty() ? '0' : second.front());
    if (!second.empty()) second.remove_prefix(1);
  }
  put_pairs(second);
  if (second.size() % 2 != 0) put(second.back(), '0');
  *at++ = kEnd;
  return at;
}

std::string_view without_zeros_before(std::string_view digits) {
  while (digits.starts_with('0')) digits.remove_prefix(1);
  return digits;
}

std::string_view without_zeros_after(std::string_view digits) {
  while (digits.ends_with('0')) digits.remove_suffix(1);
  return digits;
}

}  // namespace

Number::Number(std::string_view text) {
  std::string_view rest = text;
  negative_ = rest.starts_with('-');
  if (negative_) rest.remove_prefix(1);
  const char* at = rest.data();
  const char* const end = at + rest.size();
  const auto run = [&] {
    const char* const start = at;
    while (at != end && *at >= '0' && *at <= '9') ++at;
    return std::string_view(start, static_cast<std::size_t>(at - start));
  };
  const std::string_view before = run();
  std::string_view after;
  if (at != end && *at == '.') {
    ++at;
    after = run();
  }
  trim(before, after);
  if (first_.empty() && second_.empty()) {
    negative_ = false;
    exponent_ = 0;
  } else if (at != end) {
    read_exponent(text.substr(static_cast<std::size_t>(at + 1 - text.data())));
    if (!odd_.empty()) odd_ = text;
  }
}

void Number::trim(std::string_view before, std::string_view after) {
  first_ = without_zeros_before(before);
  second_ = without_zeros_after(after);
  exponent_ = static_cast<std::int64_t>(first_.size());
  if (first_.empty()) {
    const std::size_t all = second_.size();
    second_ = without_zeros_before(second_);
    exponent_ = -static_cast<std::int64_t>(all - second_.size());
  }
  if (second_.empty()) first_ = without_zeros_after(first_);
}

// `text` is what follows the e.
void Number::read_exponent(std::string_view text) {
  const bool down = text.starts_with('-');
  if (down || text.starts_with('+')) text.remove_prefix(1);
  const std::string_view digits = without_zeros_before(text);
  if (digits.size() > kLongestExponent) {
    odd_ = digits;
    tiny_ = down;
    return;
  }
  const auto by = read_integer<std::int64_t>(digits).value_or(0);
  exponent_ += down ? -by : by;
}

void Number::append_ordered(std::string& out) const {
  const std::size_t digits = first_.size() + second_.size();
  if (digits == 0) {
    out += static_cast<char>(kZero);
    return;
  }
  const std::size_t start = out.size();
  if (!odd_.empty()) {
    out += static_cast<char>(tiny_ ? kTiny : kHuge);
    out += odd_;
    out += kEnd;
  } else if (digits <= kFew) {
    char few[kLongestStart + kFew];
    out.append(few, put_digits(put_exponent(few, exponent_), first_, second_));
  } else {
    out.resize(start + kLongestStart + digits);
    const char* const end = put_digits(put_exponent(out.data() + start, exponent_), first_, second_);
    out.resize(static_cast<std::size_t>(end - out.data()));
  }
  if (!negative_) return;
  for (std::size_t i = start; i < out.size(); ++i) out[i] = static_cast<char>(~out[i]);
}

std::optional<Number::Small> Number::small() const {
  const std::size_t count = first_.size() + second_.size();
  if (!odd_.empty() || count > kSmallDigits) return std::nullopt;
  Small small{negative_, 0, count == 0 ? 0 : exponent_ - static_cast<std::int64_t>(count)};
  for (const char c : first_) small.digits = small.digits * 10 + static_cast<std::uint64_t>(c - '0');
  for (const char c : second_) small.digits = small.digits * 10 + static_cast<std::uint64_t>(c - '0');
  return small;
}

bool same_number(std::string_view one, std::string_view other) {
  if (one == other) return true;
  std::string first, second;
  Number(one).append_ordered(first);
  Number(other).append_ordered(second);
  return first == second;
}

}  // namespace iso
