#include "base/integer.h"

#include <cstdint>
#include <doctest/doctest.h>

using namespace iso;

TEST_CASE("read_integer: all of a text that is digits and fits, and nothing else") {
  const struct {
    std::string_view text;
    std::optional<std::uint16_t> want;
  } rows[] = {
      {"0", 0},     {"007", 7},  {"65535", 65'535}, {"65536", {}}, {"", {}},
      {"-1", {}},   {"+1", {}},  {" 1", {}},        {"1 ", {}},    {"1x", {}},
      {"0x10", {}}, {"1.0", {}}, {"x", {}},         {"1e3", {}},   {"99999999999999999999999999", {}}};
  for (const auto& row : rows) {
    CAPTURE(row.text);
    CHECK(read_integer<std::uint16_t>(row.text) == row.want);
  }
}

TEST_CASE("read_integer: a signed type takes a minus, and never a plus") {
  CHECK(read_integer<std::int8_t>("-128") == -128);
  CHECK_FALSE(read_integer<std::int8_t>("-129"));
  CHECK_FALSE(read_integer<std::int8_t>("--1"));
  CHECK_FALSE(read_integer<std::int8_t>("+1"));
}

TEST_CASE("read_integer: of another base") {
  CHECK(read_integer<std::uint32_t>("00Ff", 16) == 255);
  CHECK_FALSE(read_integer<std::uint32_t>("00Fg", 16));
}

TEST_CASE("take_integer: takes the integer in front, or leaves the text as it was") {
  std::string_view text = "12:x";
  CHECK(take_integer<int>(text) == 12);
  CHECK(text == ":x");
  CHECK_FALSE(take_integer<int>(text));
  CHECK(text == ":x");
  text = "300";
  CHECK_FALSE(take_integer<std::uint8_t>(text));
  CHECK(text == "300");
}

TEST_CASE("is_digits: digits alone, and at least one") {
  CHECK(is_digits("0123456789"));
  for (const char* text : {"", "1a", "-1", " 1", "1\n"}) CHECK_FALSE(is_digits(text));
}
