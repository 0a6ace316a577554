#include "http/fields.h"

#include <doctest/doctest.h>

namespace iso::http {
namespace {

TEST_CASE("Fields: names are case-insensitive, order and repeats are kept") {
  Fields fields{{"Vary", "a"}, {"ETag", "\"1\""}, {"VARY", "b"}};
  CHECK(fields.first("etag") == "\"1\"");
  CHECK(fields.lines("vary") == std::vector<std::string_view>{"a", "b"});
  CHECK(fields.joined("vary") == "a, b");
  CHECK_FALSE(fields.joined("age"));

  fields.set("vary", "c");
  CHECK(fields == Fields{{"Vary", "c"}, {"ETag", "\"1\""}});
  fields.remove("etag");
  CHECK(fields.size() == 1);
}

TEST_CASE("list_members: splits at commas outside quoted strings, and skips empty members") {
  using Members = std::vector<std::string_view>;
  const struct {
    std::string_view value;
    Members want;
  } rows[] = {
      {"a, b ,c", {"a", "b", "c"}},
      {"", {}},
      {" , ,a", {"a"}},
      {"W/\"a,b\", \"c\\\",d\"", {"W/\"a,b\"", "\"c\\\",d\""}},
      {"\"open, to the end", {"\"open, to the end"}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.value);
    CHECK(list_members(row.value) == row.want);
  }
}

}  // namespace
}  // namespace iso::http
