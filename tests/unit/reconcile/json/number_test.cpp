#include "reconcile/json/number.h"

#include <algorithm>
#include <doctest/doctest.h>
#include <random>

using namespace iso;
using namespace iso::reconcile;

namespace {

std::string ordered(std::string_view text) {
  std::string out = "before";
  Number(text).append_ordered(out);
  REQUIRE(out.starts_with("before"));
  return out.substr(6);
}

// A number that is known apart from its text: an integer of so many 10^-scale.
struct Known {
  std::int64_t units = 0;
  std::string text;
};

constexpr int kScale = 9;

// One of the many ways to write units · 10^-kScale.
std::string spelled(std::int64_t units, std::mt19937& random) {
  const auto pick = [&](int most) { return static_cast<int>(random() % static_cast<unsigned>(most + 1)); };
  std::string digits;
  for (std::int64_t rest = units < 0 ? -units : units; rest != 0; rest /= 10)
    digits.insert(digits.begin(), static_cast<char>('0' + rest % 10));
  if (digits.empty()) digits = "0";
  int exponent = -kScale;
  for (int more = pick(3); more > 0; --more, --exponent) digits += '0';
  while (digits.size() > 1 && digits.ends_with('0') && pick(3) != 0) {
    digits.pop_back();
    ++exponent;
  }
  const int after = pick(static_cast<int>(digits.size()) + 3);
  while (static_cast<int>(digits.size()) <= after) digits.insert(digits.begin(), '0');
  if (after > 0) digits.insert(digits.end() - after, '.');
  exponent += after;
  while (digits.size() > 1 && digits[0] == '0' && digits[1] != '.') digits.erase(0, 1);
  std::string text = (units < 0 ? "-" : "") + digits;
  if (exponent == 0 && pick(1) == 0) return text;
  text += pick(1) == 0 ? "e" : "E";
  if (exponent < 0) text += '-';
  if (exponent >= 0 && pick(1) == 0) text += '+';
  text += std::string(static_cast<std::size_t>(pick(2)), '0');
  return text + std::to_string(std::abs(exponent));
}

}  // namespace

TEST_CASE("number: it is its value and not its text") {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"1.0", "1"},
      {"10e-1", "1"},
      {"0.1E+1", "1"},
      {"100", "1e2"},
      {"-0", "0"},
      {"0e99999999999999999999", "-0.000E-7"},
      {"0.000123", "12.3e-5"},
      {"1.50", "15e-1"},
      {"100.0010", "100.001"},
      {"1e400", "0.1e401"},
      {"1e-400", "1000e-403"},
      {"1e+0000000000000000000000002", "100"},
      {"1e999999999999999999", "10e999999999999999998"},
      {"1e-999999999999999999", "0.1e-999999999999999998"},
      {"12345678901234567890", "1.2345678901234567890e19"},
      {"1e1000000000000000000", "1e1000000000000000000"},
  };
  for (const auto& [one, other] : rows) {
    const auto& shown = one;  // clang captures no structured binding
    CAPTURE(shown);
    CHECK(same_number(one, other));
    CHECK(same_number(other, one));
    CHECK(ordered(one) == ordered(other));
  }
}

TEST_CASE("number: what doubles take for one are two, and bytes stand in the order of the numbers") {
  const std::string_view rows[] = {"-1e1000000000000000000",
                                   "-9e999999999999999999",
                                   "-1e400",
                                   "-12345678901234567891",
                                   "-12345678901234567890",
                                   "-11",
                                   "-10.1",
                                   "-10",
                                   "-2",
                                   "-1.01",
                                   "-1",
                                   "-0.1",
                                   "-0.01",
                                   "-1e-400",
                                   "-1e-1000000000000000000",
                                   "0",
                                   "1e-1000000000000000000",
                                   "1e-999999999999999999",
                                   "1e-400",
                                   "1e-34",
                                   "1e-33",
                                   "1e-32",
                                   "0.01",
                                   "0.1",
                                   "0.10000000000000000000001",
                                   "1",
                                   "1.01",
                                   "2",
                                   "10",
                                   "10.1",
                                   "11",
                                   "99",
                                   "100",
                                   "9007199254740992",
                                   "9007199254740993",
                                   "12345678901234567890",
                                   "12345678901234567891",
                                   "1e62",
                                   "1e63",
                                   "1e64",
                                   "1e400",
                                   "1e999999999999999999",
                                   "1e1000000000000000000"};
  for (std::size_t i = 0; i < std::size(rows); ++i)
    for (std::size_t j = 0; j < std::size(rows); ++j) {
      CAPTURE(rows[i]);
      CAPTURE(rows[j]);
      CHECK((ordered(rows[i]) < ordered(rows[j])) == (i < j));
      CHECK(same_number(rows[i], rows[j]) == (i == j));
    }
}

TEST_CASE("number: any two compare as the integers do that they stand for, however they are written") {
  std::mt19937 random(20240229);
  std::vector<Known> known;
  std::int64_t units = 0;
  for (int i = 0; i < 4000; ++i) {
    // Near one another as often as far apart, and of every length.
    if (i % 3 == 0) {
      units = 0;
      for (unsigned more = random() % 4; more > 0; --more)
        units = units * 100'000 + static_cast<int>(random() % 100'000);
      if (random() % 2 == 0) units = -units;
    } else if (i % 3 == 1) {
      units += static_cast<int>(random() % 3) - 1;
    }
    known.push_back({units, spelled(units, random)});
  }
  std::shuffle(known.begin(), known.end(), random);
  for (std::size_t i = 0; i < known.size(); ++i)
    for (const std::size_t j : {(i + 1) % known.size(), (i * 31 + 7) % known.size()}) {
      const std::string one = ordered(known[i].text), other = ordered(known[j].text);
      CAPTURE(known[i].text);
      CAPTURE(known[j].text);
      REQUIRE((one < other) == (known[i].units < known[j].units));
      REQUIRE((one == other) == (known[i].units == known[j].units));
    }
  std::sort(known.begin(), known.end(), [](const Known& a, const Known& b) { return a.units < b.units; });
  for (std::size_t i = 1; i < known.size(); ++i) {
    CAPTURE(known[i - 1].text);
    CAPTURE(known[i].text);
    REQUIRE(same_number(known[i - 1].text, known[i].text) == (known[i - 1].units == known[i].units));
    REQUIRE(ordered(known[i - 1].text) <= ordered(known[i].text));
  }
}

TEST_CASE("number: none is the start of another, so that something can follow") {
  const std::string_view rows[] = {"0", "1", "12", "123", "-1", "-12", "1e99", "1.5e99", "1e-99", "-1.5e-99"};
  for (const auto one : rows)
    for (const auto other : rows) CHECK((one == other || !ordered(other).starts_with(ordered(one))));
}
