#include "reconcile/json/patch.h"

#include <doctest/doctest.h>

#include "reconcile/apply.h"
#include "record/scan.h"

using namespace iso;
using namespace iso::reconcile;

namespace {

using Value = iso::reconcile::Value;

std::string patch_of(std::string_view left, std::string_view right, const Rule* rule = nullptr,
                     std::string_view path = "") {
  const Value one = read_value(left), other = read_value(right);
  std::string out;
  append_patch(out, changes(one, other, rule, path));
  CHECK(same(one, other, rule) == (out == "[]"));
  return out;
}

bool same_texts(std::string_view left, std::string_view right, const Rule* rule = nullptr) {
  const Value one = read_value(left), other = read_value(right);
  CHECK(changes(one, other, rule, "").empty() == same(one, other, rule));
  return same(one, other, rule);
}

Rule delivery_rule() {
  Rule rule;
  ignore_delivery_fields(rule);
  return rule;
}

}  // namespace

TEST_CASE("the applier of these tests does what RFC 6902 says") {
  const struct {
    std::string_view document, patch, want;  // want "": it fails
  } rows[] = {
      {R"({"k":1})", R"([{"op":"add","path":"/new","value":2}])", R"({"k":1,"new":2})"},
      {R"({"k":1})", R"([{"op":"add","path":"/k","value":2}])", R"({"k":2})"},
      {R"({"k":[1,2]})", R"([{"op":"add","path":"/k/1","value":3}])", R"({"k":[1,3,2]})"},
      {R"({"k":[1,2]})", R"([{"op":"add","path":"/k/2","value":3}])", R"({"k":[1,2,3]})"},
      {R"({"k":[1]})", R"([{"op":"add","path":"/k/-","value":["x"]}])", R"({"k":[1,["x"]]})"},
      {R"({"k":[1]})", R"([{"op":"add","path":"/k/2","value":3}])", ""},
      {R"({"k":[1]})", R"([{"op":"add","path":"/k/01","value":3}])", ""},
      {R"({"k":[1]})", R"([{"op":"add","path":"/none/x","value":3}])", ""},
      {R"({"k":1})", R"([{"op":"add","path":"/k/x","value":3}])", ""},
      {R"({"k":1})", R"([{"op":"add","path":"","value":[]}])", "[]"},
      {R"({"k":1,"l":2})", R"([{"op":"remove","path":"/k"}])", R"({"l":2})"},
      {R"([1,2,3])", R"([{"op":"remove","path":"/1"}])", "[1,3]"},
      {R"([1])", R"([{"op":"remove","path":"/1"}])", ""},
      {R"([1])", R"([{"op":"remove","path":"/-"}])", ""},
      {R"({"k":1})", R"([{"op":"remove","path":"/l"}])", ""},
      {R"({"k":1})", R"([{"op":"replace","path":"/k","value":{"x":null}}])", R"({"k":{"x":null}})"},
      {R"({"k":1})", R"([{"op":"replace","path":"/l","value":2}])", ""},
      {R"([1,2])", R"([{"op":"replace","path":"/1","value":3}])", "[1,3]"},
      {R"([1,2])", R"([{"op":"replace","path":"/2","value":3}])", ""},
      {R"([1,2])", R"([{"op":"replace","path":"","value":3}])", "3"},
      {R"({"k":[1,"x"]})", R"([{"op":"test","path":"/k","value":[1.0,"\u0078"]}])", R"({"k":[1,"x"]})"},
      {R"({"k":"1"})", R"([{"op":"test","path":"/k","value":1}])", ""},
      {R"({"k":1})", R"([{"op":"test","path":"/l","value":null}])", ""},
      {R"({"k":1})", R"([{"op":"add","path":"/l","value":2},{"op":"test","path":"/k","value":2}])", ""},
      {R"({"/":1,"~1":2})", R"([{"op":"test","path":"/~01","value":2},{"op":"remove","path":"/~1"}])",
       R"({"~1":2})"},
      {R"({"":{"":1}})", R"([{"op":"replace","path":"//","value":2}])", R"({"":{"":2}})"},
      {R"({"0":[1]})", R"([{"op":"add","path":"/0/0","value":2},{"op":"remove","path":"/0/1"}])",
       R"({"0":[2]})"},
  };
  for (const auto& [document, patch, want] : rows) {
    const auto& shown = document;  // clang captures no structured binding
    CAPTURE(shown);
    const auto& shown_patch = patch;
    CAPTURE(shown_patch);
    const auto got = test::apply(patch, read_value(document));
    REQUIRE(got.has_value() != want.empty());
    if (got) CHECK(same(*got, read_value(want), nullptr));
  }
}

TEST_CASE("same: what is written another way is the same, and what is nearly the same is not") {
  const std::pair<std::string_view, std::string_view> alike[] = {
      {"1.0", "1"},
      {"[1e400]", " [ 10e399 ] "},
      {R"({"a":1,"b":[true,null]})", R"({"b":[true,null],"a":1})"},
      {R"({"a":1,"a":2})", R"({"a":2})"},
      {R"(["\u00e9\/"])", "[\"\u00e9/\"]"},
      {R"({"\u0061":1})", R"({"a":1})"}};
  for (const auto& [left, right] : alike) {
    const auto& shown = left;  // clang captures no structured binding
    CAPTURE(shown);
    CHECK(same_texts(left, right));
    CHECK(same_texts(right, left));
  }
  const std::pair<std::string_view, std::string_view> apart[] = {
      {"12345678901234567890", "12345678901234567891"},
      {"1", "\"1\""},
      {"null", "false"},
      {"true", "false"},
      {"[]", "{}"},
      {"[1,2]", "[2,1]"},
      {"[1]", "[1,1]"},
      {R"({"a":null})", "{}"},
      {R"({"a":1})", R"({"A":1})"},
      {R"(["\ud800"])", R"(["\\ud800"])"},
      {R"({"body":1,"queue":"a"})", R"({"body":1,"queue":"b"})"},
      {R"({"body":1,"type":null})", R"({"body":1})"}};
  for (const auto& [left, right] : apart) {
    const auto& shown = left;  // clang captures no structured binding
    CAPTURE(shown);
    CHECK_FALSE(same_texts(left, right));
    CHECK_FALSE(same_texts(right, left));
  }
}

TEST_CASE("changes: a test of what was there before each value that goes, all of it as it stood") {
  CHECK(patch_of(R"({"a":1.50,"b":2})", R"({"b":3,"c":{"x":1}})") ==
        R"([{"op":"test","path":"/a","value":1.50},{"op":"remove","path":"/a"},)"
        R"({"op":"test","path":"/b","value":2},{"op":"replace","path":"/b","value":3},)"
        R"({"op":"add","path":"/c","value":{"x":1}}])");
  CHECK(patch_of("{\"a\":[1,\n{\"m~n/\":\"x\"}]}", R"({"a":[1,{"m~n/":"y"}]})", nullptr, "/body") ==
        R"([{"op":"test","path":"/body/a/1/m~0n~1","value":"x"},)"
        R"({"op":"replace","path":"/body/a/1/m~0n~1","value":"y"}])");
  CHECK(patch_of("[1,\n2]", "{ }") ==
        R"([{"op":"test","path":"","value":[1, 2]},{"op":"replace","path":"","value":{ }}])");
  CHECK(patch_of(R"({"a":1,"\u0061":2})", R"({"a":3})") ==
        R"([{"op":"test","path":"/a","value":2},{"op":"replace","path":"/a","value":3}])");
}

TEST_CASE("changes: an array shrinks from its end, and grows there") {
  CHECK(patch_of("[1,2,3,4]", "[1,5]") ==
        R"([{"op":"test","path":"/1","value":2},{"op":"replace","path":"/1","value":5},)"
        R"({"op":"test","path":"/3","value":4},{"op":"remove","path":"/3"},)"
        R"({"op":"test","path":"/2","value":3},{"op":"remove","path":"/2"}])");
  CHECK(patch_of("[1]", "[1,2,3]") ==
        R"([{"op":"add","path":"/1","value":2},{"op":"add","path":"/2","value":3}])");
}

TEST_CASE("changes: of an array whose order does not matter the surplus goes, and what lacks comes last") {
  Rule rule;
  rule.at({"a"}).unordered = true;
  CHECK(same_texts(R"({"a":[1,{"x":1,"y":[2]},1.0]})", R"({"a":[{"y":[2.0],"x":1},1,1]})", &rule));
  CHECK_FALSE(same_texts(R"({"a":[1,1,2]})", R"({"a":[1,2,2]})", &rule));
  CHECK_FALSE(same_texts(R"({"a":[[1,2]]})", R"({"a":[[2,1]]})", &rule));
  CHECK_FALSE(same_texts(R"({"a":["n"]})", R"({"a":[null]})", &rule));
  CHECK_FALSE(same_texts(R"({"a":[["a","bc"]]})", R"({"a":[["ab","c"]]})", &rule));
  CHECK_FALSE(same_texts(R"({"a":["1"]})", R"({"a":["2"]})", &rule));
  CHECK_FALSE(same_texts(R"({"a":[{"x":1}]})", R"({"a":[{"y":1}]})", &rule));
  CHECK_FALSE(same_texts(R"({"a":["1"]})", R"({"a":[1]})", &rule));
  CHECK_FALSE(same_texts(R"({"a":[["a","b"]]})", R"({"a":[["a"],"b"]})", &rule));
  CHECK(patch_of(R"({"a":[5,1,2,5,1]})", R"({"a":[7,1,2,7]})", &rule) ==
        R"([{"op":"test","path":"/a/4","value":1},{"op":"remove","path":"/a/4"},)"
        R"({"op":"test","path":"/a/3","value":5},{"op":"remove","path":"/a/3"},)"
        R"({"op":"test","path":"/a/0","value":5},{"op":"remove","path":"/a/0"},)"
        R"({"op":"add","path":"/a/-","value":7},{"op":"add","path":"/a/-","value":7}])");
}

TEST_CASE("changes: what is ignored is no difference, whichever side it is on") {
  Rule rule;
  rule.at({"id"}).ignored = Rule::Ignored::always;
  rule.at({"items", "1"}).ignored = Rule::Ignored::always;
  rule.at({"items", "0", "at"}).ignored = Rule::Ignored::always;
  CHECK(same_texts(R"({"id":1,"a":2})", R"({"a":2})", &rule));
  CHECK(same_texts(R"({"a":2})", R"({"id":1,"a":2})", &rule));
  CHECK(same_texts(R"({"items":[{"at":1},2]})", R"({"items":[{},3]})", &rule));
  CHECK_FALSE(same_texts(R"({"items":[{"at":1},2]})", R"({"items":[{}]})", &rule));
  CHECK_FALSE(same_texts(R"({"items":[0,1,{"at":1}]})", R"({"items":[0,1,{"at":2}]})", &rule));
  CHECK(patch_of(R"({"id":1,"a":2})", R"({"id":2,"a":3})", &rule) ==
        R"([{"op":"test","path":"/a","value":2},{"op":"replace","path":"/a","value":3}])");
  Rule whole;
  whole.ignored = Rule::Ignored::always;
  CHECK(same_texts("1", "[]", &whole));
}

TEST_CASE("changes: two messages are the same if they differ in delivery fields, and a null is none") {
  const Rule rule = delivery_rule();
  CHECK(same_texts(R"({"queue":"a","redelivered":true,"body":1,"type":null,"message_id":"m"})",
                   R"({"received_at":"x","body":1.0,"message_id":"m"})", &rule));
  CHECK(same_texts(R"({"body":1,"headers":{"x-death":[1],"x-delivery-count":2}})", R"({"body":1})", &rule));
  CHECK(same_texts(R"({"body":1,"headers":{}})", R"({"body":1,"headers":null})", &rule));
  CHECK(
      same_texts(R"({"body":1,"headers":{"a":1,"x-death":[1]}})", R"({"body":1,"headers":{"a":1}})", &rule));
  const std::pair<std::string_view, std::string_view> apart[] = {
      {R"({"body":1,"type":"a"})", R"({"body":1})"},
      {R"({"body":1,"headers":{"a":1}})", R"({"body":1})"},
      {R"({"body":1,"headers":{"a":null}})", R"({"body":1})"},
      {R"({"body":null})", R"({"text":null})"},
      {R"({"body":{"queue":"a"}})", R"({"body":{"queue":"b"}})"},
      {R"({"body":{"a":null}})", R"({"body":{}})"},
      {R"({"body":1,"queue":"a","id":1})", R"({"body":1,"queue":"b","id":1})"},
      {R"({"body":1,"queue":"a"})", R"({"body":1,"queue":"a","id":1})"},
      {R"({"message_id":"m","queue":"a"})", R"({"message_id":"m","queue":"b"})"}};
  for (const auto& [left, right] : apart) {
    const auto& shown = left;  // clang captures no structured binding
    CAPTURE(shown);
    CHECK_FALSE(same_texts(left, right, &rule));
    CHECK_FALSE(same_texts(right, left, &rule));
  }
}

TEST_CASE(
    "changes: of messages, what is left out on one side comes or goes, and delivery fields stay as they "
    "are") {
  const Rule rule = delivery_rule();
  CHECK(patch_of(R"({"body":1,"type":null})", R"({"body":1,"type":"a"})", &rule) ==
        R"([{"op":"test","path":"/type","value":null},{"op":"replace","path":"/type","value":"a"}])");
  CHECK(patch_of(R"({"body":1,"type":"a"})", R"({"body":1,"type":null})", &rule) ==
        R"([{"op":"test","path":"/type","value":"a"},{"op":"replace","path":"/type","value":null}])");
  CHECK(patch_of(R"({"body":1,"type":"a"})", R"({"body":1})", &rule) ==
        R"([{"op":"test","path":"/type","value":"a"},{"op":"remove","path":"/type"}])");
  CHECK(patch_of(R"({"body":1,"headers":{"x-death":1}})", R"({"body":1,"headers":{"a":1}})", &rule) ==
        R"([{"op":"add","path":"/headers/a","value":1}])");
  CHECK(patch_of(R"({"body":1,"headers":{"a":1}})", R"({"body":1,"headers":{"x-death":1}})", &rule) ==
        R"([{"op":"test","path":"/headers/a","value":1},{"op":"remove","path":"/headers/a"}])");
  CHECK(patch_of(R"({"body":1,"headers":{"a":1}})", R"({"body":1})", &rule) ==
        R"([{"op":"test","path":"/headers","value":{"a":1}},{"op":"remove","path":"/headers"}])");
}

TEST_CASE("changes: an object with a name that no pointer can say changes as a whole") {
  CHECK(patch_of(R"({"o":{"\ud800":1,"a":1}})", R"({"o":{"\ud800":2,"a":1}})") ==
        R"([{"op":"test","path":"/o","value":{"\ud800":1,"a":1}},)"
        R"({"op":"replace","path":"/o","value":{"\ud800":2,"a":1}}])");
  CHECK(patch_of(R"({"o":{"\ud800":1,"a":1}})", R"({"o":{"a":1.0,"\ud800":1}})") == "[]");
}

TEST_CASE("changes: ten thousand members and elements take no longer than they must") {
  constexpr int kMany = 10'000;
  std::string left = "{\"o\":{", right = left, elements, others;
  for (int i = 0; i < kMany; ++i) {
    const std::string n = std::to_string(i), m = std::to_string(kMany - 1 - i);
    left += "\"n" + n + "\":" + n + ",";
    right += "\"n" + m + "\":" + m + ",";
    elements += "{\"id\":" + n + "},";
    others += "{\"id\":" + m + ".0},";
  }
  left += "\"x\":1},\"a\":[" + elements + "1]}";
  right += "\"x\":2},\"a\":[" + others + "2]}";
  Rule rule;
  rule.at({"a"}).unordered = true;
  CHECK(patch_of(left, right, &rule) ==
        R"([{"op":"test","path":"/o/x","value":1},{"op":"replace","path":"/o/x","value":2},)"
        R"({"op":"test","path":"/a/10000","value":1},{"op":"remove","path":"/a/10000"},)"
        R"({"op":"add","path":"/a/-","value":2}])");
}

TEST_CASE("changes: nesting as deep as the scanner allows is compared") {
  const std::string down(kMaxDepth - 1, '['), up(kMaxDepth - 1, ']');
  CHECK(same_texts(down + "[1]" + up, down + "[1.0]" + up));
  CHECK_FALSE(same_texts(down + "[1]" + up, down + "[2]" + up));
  std::string left, right, close;
  for (std::size_t i = 0; i < kMaxDepth; ++i) {
    left += "{\"a\":";
    close += '}';
  }
  right = left + "2" + close;
  left += "1" + close;
  CHECK_FALSE(same_texts(left, right));
  const Value one = read_value(left), other = read_value(right);
  const auto found = changes(one, other, nullptr, "");
  REQUIRE(found.size() == 1);
  const Value* const place = find_value(other, pointer_tokens(found[0].path));
  REQUIRE(place != nullptr);
  CHECK(place->text == found[0].after);
  Rule rule;
  rule.unordered = true;
  CHECK_FALSE(same_texts("[" + left.substr(5, left.size() - 6) + "]",
                         "[" + right.substr(5, right.size() - 6) + "]", &rule));
}

TEST_CASE("changes: an element that comes or goes anywhere in an array is one operation") {
  const struct {
    std::string left, right, patch;
  } rows[] = {
      {"[1,2,3]", "[0,1,2,3]", R"([{"op":"add","path":"/0","value":0}])"},
      {"[0,1,2,3]", "[1,2,3]", R"([{"op":"test","path":"/0","value":0},{"op":"remove","path":"/0"}])"},
      {"[1,2,3]", "[1,9,2,3]", R"([{"op":"add","path":"/1","value":9}])"},
      {"[1,2,3,4]", "[9,1,3,4,8]",
       R"([{"op":"add","path":"/4","value":8},{"op":"test","path":"/1","value":2},)"
       R"({"op":"remove","path":"/1"},{"op":"add","path":"/0","value":9}])"},
      {"[{\"a\":1},2]", "[5,{\"a\":1.0},2]", R"([{"op":"add","path":"/0","value":5}])"},
      {"[1,{\"a\":1},3]", "[1,{\"a\":2},3]",
       R"([{"op":"test","path":"/1/a","value":1},{"op":"replace","path":"/1/a","value":2}])"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.right);
    const Value left = read_value(row.left), right = read_value(row.right);
    std::string patch;
    append_patch(patch, changes(left, right, nullptr, ""));
    CHECK(patch == row.patch);
  }
}
