#include "reconcile/json/value.h"

#include <doctest/doctest.h>

#include "reconcile/json/rules.h"
#include "record/json_table.h"
#include "record/scan.h"
#include "support/errors.h"

using namespace iso;
using namespace iso::reconcile;

namespace {

using Value = iso::reconcile::Value;

// Says the tree again, so that a test can compare it: strings by their characters, all else by its text.
std::string told(const Value& value) {
  std::string out;
  switch (value.kind) {
    case Value::Kind::array:
      for (const auto& element : value.elements) out += (out.empty() ? "" : " ") + told(element);
      return "[" + out + "]";
    case Value::Kind::object:
      for (const auto& [name, member] : value.members)
        out += (out.empty() ? "" : " ") + ("<" + name + ">") + told(member);
      return "{" + out + "}";
    case Value::Kind::string:
      return "<" + value.string + ">";
    default:
      return std::string(value.text);
  }
}

}  // namespace

TEST_CASE("read_value: the tree says what the text says") {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"1.50", "1.50"},
      {" \t\n-0e5\r ", "-0e5"},
      {"true", "true"},
      {"null", "null"},
      {R"("a\"\\\/\n\u00e9")", "<a\"\\/\n\u00e9>"},
      {R"("\ud83d\ude00")", "<\U0001F600>"},
      {"[]", "[]"},
      {"{ }", "{}"},
      {R"([1,"]",[false , {}], "{"])", "[1 <]> [false {}] <{>]"},
      {R"({"a":1,"b":{"c":[]},"":":"})", "{<a>1 <b>{<c>[]} <><:>}"},
      {R"({"a":"b","c":"a"})", "{<a><b> <c><a>}"},
      {R"({"a":1,"b":2,"\u0061":3})", "{<b>2 <a>3}"},
      {R"(["\ud800","\\ud800"])", "[<\xFF\\ud800> <\\ud800>]"},
      {R"({"\ud800":1})", "{<\xFF\\ud800>1}"},
  };
  for (const auto& [json, want] : rows) {
    const auto& shown = json;  // clang captures no structured binding
    CAPTURE(shown);
    CHECK(told(read_value(json)) == want);
  }
}

TEST_CASE("read_value: every value keeps its text as it stands") {
  const Value root = read_value(R"( {"a" : [ 1.0, "x\u0041" ] , "b":{ } } )");
  CHECK(root.text == R"({"a" : [ 1.0, "x\u0041" ] , "b":{ } })");
  REQUIRE(root.find("a") != nullptr);
  CHECK(root.find("a")->text == R"([ 1.0, "x\u0041" ])");
  CHECK(root.find("a")->elements[1].text == R"("x\u0041")");
  CHECK(root.find("b")->text == "{ }");
  CHECK(root.find("c") == nullptr);
}

TEST_CASE("read_value: of a name that comes twice the last counts, among many as among few") {
  for (const int count : {3, 1000}) {
    std::string json = "{";
    for (int i = 0; i < count; ++i) json += "\"n" + std::to_string(i) + "\":0,";
    for (int i = 0; i < count; i += 2) json += "\"n" + std::to_string(i) + "\":1,";
    json += "\"last\":2}";
    const Value value = read_value(json);
    CHECK(value.members.size() == static_cast<std::size_t>(count) + 1);
    CHECK(value.members.front().name == "n1");
    CHECK(value.find("n0")->text == "1");
    CHECK(value.find("n1")->text == "0");
    CHECK(value.members.back().name == "last");
  }
}

TEST_CASE("read_value: it takes what RFC 8259 allows and nothing else, and says where the fault is") {
  for (const auto& [name, json, apart] : test::kGoodJson) {
    const auto& shown = name;  // clang captures no structured binding
    CAPTURE(shown);
    CHECK(read_value(json).text == json);
  }
  for (const auto& [name, json, apart] : test::kBadJson) {
    const auto& shown = name;  // clang captures no structured binding
    CAPTURE(shown);
    CHECK(test::error_of([text = json] { read_value(text); }).kind() == ErrorKind::data);
  }
  CHECK(test::says(test::error_of([] { read_value(" [1,]"); }), "byte 5: expected a value"));
  CHECK(test::says(test::error_of([] { read_value(" 1 2"); }), "byte 4: expected nothing after the value"));
}

TEST_CASE("read_value: nesting as deep as the scanner allows is read") {
  const std::string json = std::string(kMaxDepth, '[') + std::string(kMaxDepth, ']');
  const Value root = read_value(json);
  std::size_t depth = 1;
  for (const Value* value = &root; !value->elements.empty(); value = &value->elements.front()) ++depth;
  CHECK(depth == kMaxDepth);
}

TEST_CASE("find_value: members by name, elements by index, and nothing where there is none") {
  const Value root = read_value(R"({"a":[{"b":1},2],"":3,"0":4,"a/b":5,"n":null})");
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"/a/0/b", "1"}, {"/a/1", "2"}, {"/", "3"},    {"/0", "4"},  {"/a~1b", "5"},
      {"/n", "null"},  {"/a/2", ""},  {"/a/01", ""}, {"/a/-", ""}, {"/a/+1", ""},
      {"/x", ""},      {"/n/x", ""},  {"/a/", ""},   {"/a/b", ""}};
  for (const auto& [pointer, want] : rows) {
    const auto& shown = pointer;  // clang captures no structured binding
    CAPTURE(shown);
    const Value* const found = find_value(root, pointer_tokens(pointer));
    CHECK((found == nullptr ? "" : found->text) == want);
  }
  CHECK(find_value(root, {}) == &root);
}

TEST_CASE("is_message: an object with a body and with nothing that a record has not") {
  const std::pair<std::string_view, bool> rows[] = {{R"({"body":1})", true},
                                                    {R"({"text":"x","headers":{"any":1}})", true},
                                                    {R"({"message_id":"1","base64":""})", true},
                                                    {R"({"message_id":"1"})", false},
                                                    {R"({"body":1,"id":2})", false},
                                                    {R"({"text":"x","error":"no"})", false},
                                                    {"{}", false},
                                                    {R"(["body"])", false},
                                                    {R"("body")", false}};
  for (const auto& [json, want] : rows) {
    const auto& shown = json;  // clang captures no structured binding
    CAPTURE(shown);
    CHECK(is_message(read_value(json), {}) == want);
  }
}
