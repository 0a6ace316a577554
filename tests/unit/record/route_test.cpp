#include "record/route.h"

#include <doctest/doctest.h>

using namespace iso;

TEST_CASE("topic_matches: * is one word, # is none or more") {
  const struct {
    std::string_view pattern, key;
    bool want;
  } rows[] = {
      {"a.b", "a.b", true},      {"a.b", "a.c", false},    {"a.*", "a.b", true},
      {"a.*", "a", false},       {"a.*", "a.b.c", false},  {"a.#", "a", true},
      {"a.#", "a.b.c", true},    {"#", "", true},          {"#", "a.b", true},
      {"*", "", false},          {"#.c", "a.b.c", true},   {"#.c", "c", true},
      {"#.c", "a.b", false},     {"a.#.c", "a.c", true},   {"a.#.c", "a.b.b.c", true},
      {"a.#.c", "a.b.b", false}, {"#.b.#", "a.b.c", true}, {"#.#", "", true},
      {"*.#", "", false},        {"*.#", "a", true},       {"#.a.#.b", "a.a.b", true},
      {"#.a.*", "a.a.b", true},  {"", "", true},           {"", "a", false},
      {"a..b", "a..b", true},    {"a.*.b", "a..b", true},
  };
  for (const auto& row : rows) {
    CAPTURE(row.pattern);
    CAPTURE(row.key);
    CHECK(topic_matches(row.pattern, row.key) == row.want);
  }
}

TEST_CASE(
    "headers_match: all or any of those asked for; x- names are not compared; a void asks only for "
    "presence") {
  const Field one{std::int64_t{1}}, two{std::int64_t{2}}, any{std::string("any")}, present{std::monostate{}};
  const FieldTable headers{{"a", one}, {"b", two}};
  CHECK(headers_match({}, headers));
  CHECK(headers_match({{"a", one}, {"b", two}}, headers));
  CHECK_FALSE(headers_match({{"a", one}, {"b", one}}, headers));
  CHECK(headers_match({{"x-match", any}, {"a", one}, {"b", one}}, headers));
  CHECK_FALSE(headers_match({{"x-match", any}, {"a", two}}, headers));
  CHECK(headers_match({{"a", present}, {"x-other", one}}, headers));
  CHECK_FALSE(headers_match({{"c", present}}, headers));
}
