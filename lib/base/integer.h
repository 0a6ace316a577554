#pragma once

#include <charconv>
#include <concepts>
#include <optional>
#include <string_view>
#include <system_error>

namespace iso {

// At least one decimal digit, and nothing else.
inline bool is_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == text.npos;
}

// The integer at the front of `text`, which is taken off it: digits of `base` (2 to 36), after a "-" if the
// type is signed; no white space, no "+". Nothing, and `text` stays as it was, if there is no such integer or
// it does not fit the type.
template <std::integral Integer>
std::optional<Integer> take_integer(std::string_view& text, int base = 10) {
  Integer number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

// The integer that is all of `text`, read as by take_integer(). Nothing if anything follows it.
template <std::integral Integer>
std::optional<Integer> read_integer(std::string_view text, int base = 10) {
  const auto number = take_integer<Integer>(text, base);
  return text.empty() ? number : std::nullopt;
}

}  // namespace iso
