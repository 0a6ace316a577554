#include <doctest/doctest.h>

#include "reconcile/apply.h"
#include "reconcile/json/digest.h"
#include "reconcile/json/patch.h"
#include "reconcile/json/tolerance.h"

using namespace iso;
using namespace iso::reconcile;

namespace {

using Tokens = std::vector<std::string>;
using Value = iso::reconcile::Value;

// Whether two items are the same, as their digests and their trees both say; of digests only, `digest`.
struct Pair {
  bool same = false, digest = false;
  std::string patch;
};

Pair compare(const Rule& rule, std::string_view left, std::string_view right) {
  Rule root = rule;
  root.compared = true;
  Digester digester(root, 0, 7);
  const auto content = [&digester](std::string_view text) {
    const std::string line = std::string(text) + '\n' + std::string(Digester::kPadding, 'x');
    return digester.read(line.data()).content;
  };
  const Value one = read_value(left), other = read_value(right);
  Pair pair;
  const auto found = changes(one, other, &rule, "");
  append_patch(pair.patch, found);
  pair.same = same(one, other, &rule);
  CHECK(pair.same == found.empty());
  pair.digest = content(left) == content(right);
  return pair;
}

Rule ignoring(const Tokens& tokens) {
  Rule rule;
  rule.change_each(tokens, [](Rule& place) { place.ignored = Rule::Ignored::always; });
  return rule;
}

void set_tolerance(Rule& rule, const Tokens& tokens, Tolerance tolerance) {
  rule.change_each(tokens, [&](Rule& place) { place.tolerance = tolerance; });
}

}  // namespace

TEST_CASE("rules: * stands for every element and every member, on top of rules for one") {
  const struct {
    Tokens ignored;
    const char *left, *right;
    bool want;
  } rows[] = {
      {{"items", "*", "at"},
       R"({"items":[{"a":1,"at":1},{"at":2}]})",
       R"({"items":[{"a":1,"at":9},{}]})",
       true},
      {{"items", "*", "at"}, R"({"items":[{"a":1,"at":1}]})", R"({"items":[{"a":2,"at":1}]})", false},
      {{"items", "*", "at"}, R"({"items":[{"at":1}]})", R"({"items":[{"at":1},{"at":1}]})", false},
      {{"items", "*", "at"}, R"({"items":{"x":{"at":1}}})", R"({"items":{"x":{"at":2}}})", true},
      {{"*", "at"}, R"({"a":{"at":1},"b":{"at":1,"v":1}})", R"({"a":{"at":2},"b":{"at":3,"v":1}})", true},
      {{"*", "*"}, R"({"a":[1,2],"b":{"c":1}})", R"({"a":[3,4],"b":{"d":2}})", true},
      {{"*", "*"}, R"({"a":[1,2]})", R"({"a":[1]})", false},
      {{"*"}, R"({"a":1})", R"({"b":2})", true},
      {{"items", "*", "at"}, R"({"items":5})", R"({"items":5})", true},
      {{"items", "*", "at"}, R"({"items":5})", R"({"items":6})", false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.left);
    const Pair pair = compare(ignoring(row.ignored), row.left, row.right);
    CHECK(pair.same == row.want);
    CHECK(pair.digest == row.want);
  }
  Rule both = ignoring({"items", "*", "at"});
  both.change_each(Tokens{"items", "0", "x"}, [](Rule& place) { place.ignored = Rule::Ignored::always; });
  both.change_each(Tokens{"items", "*", "y"}, [](Rule& place) { place.ignored = Rule::Ignored::always; });
  const Pair pair = compare(both, R"({"items":[{"at":1,"x":1,"y":1},{"x":1,"at":1,"y":3}]})",
                            R"({"items":[{"at":2,"x":2,"y":2},{"x":1,"at":2,"y":4}]})");
  CHECK(pair.same);
  CHECK(pair.digest);
}

TEST_CASE("rules: an element at the head of an array is one operation, whatever * ignores in the others") {
  const Pair pair = compare(ignoring({"*", "at"}), R"([{"a":1,"at":1},{"a":2,"at":2},{"a":3,"at":3}])",
                            R"([{"a":0},{"a":1,"at":7},{"a":2,"at":8},{"a":3,"at":9}])");
  CHECK(pair.patch == R"([{"op":"add","path":"/0","value":{"a":0}}])");
}

TEST_CASE("rules: only what a wildcard leads to is compared, and an item without it has nothing that is") {
  Rule rule;
  compare_only(rule, Tokens{"items", "*", "price"});
  CHECK(compare(rule, R"({"items":[{"price":1,"x":1}],"y":1})", R"({"items":[{"price":1,"x":2}],"y":2})")
            .digest);
  CHECK(
      compare(rule, R"({"items":[{"price":1,"x":1}],"y":1})", R"({"items":[{"price":1,"x":2}],"y":2})").same);
  CHECK_FALSE(compare(rule, R"({"items":[{"price":1}]})", R"({"items":[{"price":2}]})").same);
  CHECK_FALSE(compare(rule, R"({"items":[{"price":1}]})", R"({"items":[{"price":1},{"price":1}]})").same);
  rule.compared = true;
  Digester digester(rule, 0, 7);
  const auto has_compared = [&digester](std::string_view text) {
    const std::string line = std::string(text) + '\n' + std::string(Digester::kPadding, 'x');
    return digester.read(line.data()).has_compared;
  };
  CHECK(has_compared(R"({"items":[{"price":1}]})"));
  CHECK_FALSE(has_compared(R"({"items":[{"cost":1}]})"));
  CHECK_FALSE(has_compared(R"({"items":[]})"));
}

TEST_CASE(
    "unordered: rules hold for all elements, and elements that share a name are compared with each other") {
  Rule rule;
  rule.change_each(Tokens{"items"}, [](Rule& place) { place.unordered = true; });
  rule.change_each(Tokens{"items", "*", "at"}, [](Rule& place) { place.ignored = Rule::Ignored::always; });
  rule.change_each(Tokens{"items", "*", "tags"}, [](Rule& place) { place.unordered = true; });
  Pair pair = compare(rule, R"({"items":[{"sku":1,"at":1,"tags":[1,2]},{"sku":2,"at":1}]})",
                      R"({"items":[{"sku":2,"at":3},{"sku":1,"tags":[2,1]}]})");
  CHECK(pair.same);
  CHECK(pair.digest);
  rule.change_each(Tokens{"items"}, [](Rule& place) { place.matched_by = {"sku"}; });
  const struct {
    const char *left, *right, *patch;
  } rows[] = {
      {R"({"items":[{"sku":1,"n":1},{"sku":2,"n":2}]})", R"({"items":[{"sku":2,"n":2},{"sku":1,"n":9}]})",
       R"([{"op":"test","path":"/items/0/n","value":1},{"op":"replace","path":"/items/0/n","value":9}])"},
      {R"({"items":[{"sku":1},{"sku":2,"n":1},{"sku":3}]})", R"({"items":[{"sku":4},{"sku":2,"n":2}]})",
       R"([{"op":"test","path":"/items/1/n","value":1},{"op":"replace","path":"/items/1/n","value":2},)"
       R"({"op":"test","path":"/items/2","value":{"sku":3}},{"op":"remove","path":"/items/2"},)"
       R"({"op":"test","path":"/items/0","value":{"sku":1}},{"op":"remove","path":"/items/0"},)"
       R"({"op":"add","path":"/items/-","value":{"sku":4}}])"},
      {R"({"items":[{"sku":1,"n":1},{"sku":1,"n":2},{"n":3}]})",
       R"({"items":[{"n":3},{"sku":1,"n":2},{"sku":1,"n":1}]})", "[]"},
      {R"({"items":[{"sku":"1","n":1}]})", R"({"items":[{"sku":1,"n":1}]})",
       R"([{"op":"test","path":"/items/0","value":{"sku":"1","n":1}},{"op":"remove","path":"/items/0"},)"
       R"({"op":"add","path":"/items/-","value":{"sku":1,"n":1}}])"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.left);
    pair = compare(rule, row.left, row.right);
    CHECK(pair.patch == row.patch);
    CHECK(pair.digest == (pair.patch == "[]"));
    const auto after = test::apply(pair.patch, read_value(row.left));
    REQUIRE(after);
    CHECK(same(*after, read_value(row.right), &rule));
  }
}

TEST_CASE("tolerance: numbers and times that are near each other are the same, to the last digit") {
  const struct {
    Tolerance tolerance;
    const char *left, *right;
    bool want;
  } rows[] = {
      {{"0.01", 0}, "1.00", "1.01", true},
      {{"0.01", 0}, "1.01", "1.00", true},
      {{"0.01", 0}, "1.00", "1.0100000000001", false},
      {{"0.01", 0}, "0.03", "0.02", true},
      {{"0.1", 0}, "0.3", "0.2", true},
      {{"0", 0}, "1", "1.0", true},
      {{"0", 0}, "1", "1.1", false},
      {{"1", 0}, "-1", "0", true},
      {{"1", 0}, "-1", "1", false},
      {{"1e3", 0}, "12345678901234567", "12345678901235567", true},
      {{"1e3", 0}, "12345678901234567", "12345678901235568", false},
      {{"1", 0}, "1e400", "1e-400", false},
      {{"0.01", 0}, "\"1.00\"", "1.01", true},
      {{"0.01", 0}, "\"a\"", "\"b\"", false},
      {{"0.01", 0}, "\"1.00 \"", "1", false},
      {{"0.01", 0}, "null", "0", false},
      {{"", 2000}, "\"2026-01-01T00:00:00Z\"", "\"2026-01-01T00:00:02Z\"", true},
      {{"", 2000}, "\"2026-01-01T00:00:00Z\"", "\"2026-01-01T01:00:02+01:00\"", true},
      {{"", 2000}, "\"2026-01-01T00:00:00Z\"", "\"2026-01-01T00:00:02.001Z\"", false},
      {{"", 2000}, "1767225600", "\"2026-01-01T00:00:02Z\"", true},
      {{"", 2000}, "1767225600", "1767225603", false},
      {{"", 500}, "1.25", "1.75", true},
      {{"", 500}, "1.25", "1.76", false},
      {{"", 2000}, "\"now\"", "\"then\"", false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.left);
    CAPTURE(row.right);
    const Value one = read_value(row.left), other = read_value(row.right);
    CHECK(is_within(one, other, row.tolerance) == row.want);
    CHECK(is_within(other, one, row.tolerance) == row.want);
  }
}

TEST_CASE("tolerance: it holds where it is said to, in arrays as well, and all else is compared as ever") {
  Rule rule;
  set_tolerance(rule, {"total"}, {"0.01", 0});
  set_tolerance(rule, {"items", "*", "price"}, {"0.5", 0});
  CHECK(compare(rule, R"({"total":1.00,"x":1})", R"({"total":1.01,"x":1})").same);
  CHECK_FALSE(compare(rule, R"({"total":1.00,"x":1})", R"({"total":1.01,"x":1.01})").same);
  CHECK_FALSE(compare(rule, R"({"total":1})", R"({})").same);
  CHECK(compare(rule, R"({"items":[{"price":1},{"price":1.2}]})", R"({"items":[{"price":1.2},{"price":1}]})")
            .same);
  CHECK(
      compare(rule, R"({"items":[{"price":1},{"price":2}]})", R"({"items":[{"price":1.1},{"price":3}]})")
          .patch ==
      R"([{"op":"test","path":"/items/1/price","value":2},{"op":"replace","path":"/items/1/price","value":3}])");
  rule.change_each(Tokens{"items"}, [](Rule& place) { place.unordered = true; });
  CHECK(compare(rule, R"({"items":[{"price":1},{"price":5}]})", R"({"items":[{"price":5.1},{"price":0.9}]})")
            .same);
  CHECK_FALSE(
      compare(rule, R"({"items":[{"price":1},{"price":5}]})", R"({"items":[{"price":5.1},{"price":5}]})")
          .same);
}
