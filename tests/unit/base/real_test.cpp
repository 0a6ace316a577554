#include "base/real.h"

#include <doctest/doctest.h>
#include <string_view>
#include <system_error>

using iso::read_real;

TEST_CASE("read_real: it reads what std::from_chars reads, with every C++ library") {
  constexpr auto none = std::errc::invalid_argument;
  const struct {
    std::string_view text;
    double value;
    std::size_t length;
    std::errc error;
  } rows[] = {
      {"1.5s", 1.5, 3, {}},
      {"-0.25", -0.25, 5, {}},
      {"1e3", 1000, 3, {}},
      {".5", 0.5, 2, {}},
      {"1,5", 1, 1, {}},
      {"0x10", 0, 1, {}},
      {"", 7, 0, none},
      {"+1", 7, 0, none},
      {" 1", 7, 0, none},
      {"s", 7, 0, none},
      {"1e999", 7, 5, std::errc::result_out_of_range},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    double value = 7;
    const auto [end, error] = read_real(row.text, value);
    CHECK(value == row.value);
    CHECK(static_cast<std::size_t>(end - row.text.data()) == row.length);
    CHECK(error == row.error);
  }
}

TEST_CASE("read_real: a float is the one nearest to the digits, and too large is an error") {
  float value = 7;
  CHECK(read_real("16777217", value).ec == std::errc{});
  CHECK(value == 16777216.0F);
  CHECK(read_real("1e300", value).ec == std::errc::result_out_of_range);
}
