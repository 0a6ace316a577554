#include "reconcile/json/digest.h"

#include <algorithm>
#include <doctest/doctest.h>
#include <thread>

#include "reconcile/json/patch.h"
#include "reconcile/random_json.h"
#include "record/scan.h"

using namespace iso;
using namespace iso::reconcile;
using test::Model;
using test::RandomJson;

namespace {

constexpr unsigned kRounds = 3000;

// A line of a side, as a block has it.
std::string line_of(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text + '\n' + std::string(Digester::kPadding, 'x');
}

Digest read(Digester& digester, const std::string& text) {
  const std::string line = line_of(text);
  Digest digest = digester.read(line.data());
  if (digest.end) CHECK(*digest.end == '\n');
  digest.end = nullptr;
  return digest;
}

Rule keyed(std::string_view pointer) {
  Rule rule;
  rule.at(pointer_tokens(pointer)).key = 0;
  rule.compared = true;
  return rule;
}

bool same_content(const Rule& rule, const std::string& left, const std::string& right) {
  Digester digester(rule, 0, 42);
  return read(digester, left).content == read(digester, right).content;
}

void add_rules(Rule& rule, const Value& value, RandomJson& random, bool is_root) {
  if (!is_root && random.one_in(4)) rule.ignored = Rule::Ignored::always;
  if (random.one_in(2)) rule.unordered = true;
  for (std::size_t i = 0; i < value.elements.size(); ++i)
    if (random.one_in(2)) add_rules(rule.at({std::to_string(i)}), value.elements[i], random, false);
  for (const auto& [name, member] : value.members)
    if (random.one_in(2)) add_rules(rule.at({name}), member, random, false);
}

// Pairs that are near one another, with and without rules: digests are equal where `same` says so.
void check_against_same(RandomJson& random, int fields, bool with_rules) {
  unsigned alike = 0;
  for (unsigned i = 0; i < kRounds; ++i) {
    const Model one = fields > 0 ? random.object() : random.value();
    Model other = one;
    if (!random.one_in(3)) random.mutate(other);
    const std::string left = random.spell(one, fields);
    const std::string right = random.spell(other, other.kind == Model::Kind::object ? fields : 0);
    const Value left_value = read_value(left), right_value = read_value(right);
    Rule rule;
    if (with_rules) add_rules(rule, left_value, random, true);
    if (fields > 0) ignore_delivery_fields(rule);
    rule.compared = true;
    CAPTURE(left);
    CAPTURE(right);
    const bool are_same = same(left_value, right_value, &rule);
    REQUIRE(same_content(rule, left, right) == are_same);
    if (are_same) ++alike;
  }
  CHECK(alike > kRounds / 10);
  CHECK(alike < kRounds);
}

}  // namespace

TEST_CASE("digest: what items before had in the same place is never taken for a name that differs") {
  const Rule rule = keyed("/id");
  const std::string names = "abcdefghijklmnopqrstuvwxyz";
  for (std::size_t size = 0; size <= 20; ++size) {
    const std::string name = names.substr(0, size);
    std::vector<std::string> others{name + "x", "", name.substr(0, size / 2)};
    for (std::size_t at = 0; at < size; ++at) {
      others.push_back(name);
      others.back()[at] = 'X';
      others.push_back(name.substr(0, at) + "\\n" + name.substr(at));
    }
    for (const std::string& other : others) {
      const auto& shown = name;  // clang captures no structured binding
      CAPTURE(shown);
      CAPTURE(other);
      const auto item = [](const std::string& its_name) { return "{\"" + its_name + "\":1,\"id\":2}"; };
      Digester used(rule, 1, 42), fresh(rule, 1, 42);
      read(used, item(name));
      const Digest again = read(used, item(name)), after = read(used, item(other)),
                   want = read(fresh, item(other));
      REQUIRE(again.state == Digest::State::item);
      REQUIRE(after.content == want.content);
      REQUIRE((after.content == again.content) == (other == name));
    }
  }
}

TEST_CASE("digest: two values have the same one exactly where they are the same") {
  RandomJson random(11);
  check_against_same(random, 0, false);
}

TEST_CASE("digest: by rules too") {
  RandomJson random(12);
  check_against_same(random, 0, true);
}

TEST_CASE("digest: of messages too, with rules and without") {
  RandomJson random(13);
  check_against_same(random, 2, false);
  check_against_same(random, 2, true);
}

TEST_CASE("digest: what is no JSON is invalid, and whatever the scanner takes is an item") {
  const Rule rule;
  Digester digester(rule, 0, 1);
  for (const char* text : {"",
                           "{",
                           "}",
                           "{]",
                           "[1,]",
                           "[,]",
                           "{\"a\"}",
                           "{\"a\":}",
                           "{\"a\":1,}",
                           "{a:1}",
                           "01",
                           "-",
                           "1.",
                           ".5",
                           "1e",
                           "+1",
                           "tru",
                           "nul",
                           "falsy",
                           "\"",
                           "\"\\x\"",
                           "\"\\u12g4\"",
                           "\"\t\"",
                           "'a'",
                           "\"\xff\"",
                           "\"\xc0\x80\"",
                           "\"\xed\xa0\x80\"",
                           "NaN",
                           "\"\\",
                           "\"\\u12",
                           "{\"\xff\":1}",
                           "[\"a\" \"b\"]"}) {
    CAPTURE(text);
    CHECK_FALSE(is_json(text));
    CHECK(read(digester, text).state == Digest::State::invalid);
  }
  for (const char* text : {"1", " 1 ", "-0.5e-3", "\"a\"", "null", "true", "false", "[]", "{}", "[[],{}]",
                           "\t{\"a\" : [ 1 , 2 ] } \r", "\"\\ud800\"", "\"\xf0\x9f\x98\x80\""}) {
    CAPTURE(text);
    CHECK(is_json(text));
    CHECK(read(digester, text).state == Digest::State::item);
  }
}

TEST_CASE("digest: no two values can be made alike by who does not know the seed") {
  const std::string deep = std::string(300, '[') + "true" + std::string(300, ']');
  for (const std::string& json :
       {std::string(R"("a")"), std::string(R"("\u00e9")"), std::string("0"), std::string("-12.50"),
        std::string("1e400"), std::string("12345678901234567890"), std::string("[true]"),
        std::string("[[],null]"), std::string(R"({"":null})"), deep}) {
    CAPTURE(json);
    ValueHasher one(1), other(2);
    const std::string line = line_of(json);
    one.begin_line();
    other.begin_line();
    CHECK(one.value(line.data()).hash != other.value(line.data()).hash);
    if (json[0] != '[') continue;
    // A sum of what anyone can know would be solved for another array with the same sum.
    CHECK(one.array(line.data(), true).hash != other.array(line.data(), true).hash);
  }
}

TEST_CASE("digest: nesting as deep as the scanner allows is read, and one more is not") {
  const Rule rule;
  Digester digester(rule, 0, 1);
  const std::string deep = std::string(kMaxDepth, '[') + std::string(kMaxDepth, ']');
  CHECK(read(digester, deep).state == Digest::State::item);
  CHECK(read(digester, "[" + deep + "]").state == Digest::State::invalid);
  std::string objects = "1";
  for (std::size_t i = 0; i < kMaxDepth; ++i) objects = "{\"a\":" + objects + "}";
  std::thread([&] { CHECK(read(digester, objects).state == Digest::State::item); }).join();
  CHECK(read(digester, "{\"a\":" + objects + "}").state == Digest::State::invalid);
  Rule whole;
  whole.compared = true;
  const std::string open(400, '['), close(400, ']');
  CHECK(same_content(whole, open + R"({"a\"]":1.0,"b":"x"})" + close,
                     open + R"( {"b":"\u0078","a\"]":1})" + close));
  CHECK_FALSE(same_content(whole, open + R"({"a":1})" + close, open + R"({"a":2})" + close));
}

TEST_CASE("digest: it ends where the value does, so that a row's text can follow") {
  const Rule rule;
  Digester digester(rule, 0, 1);
  const std::string line = line_of("{\"a\":\"\\t\"} \t{\"row\":1}");
  CHECK(digester.read(line.data()).end == line.data() + 12);
}

TEST_CASE("digest: keys are equal by value, and a number is no text") {
  const Rule rule = keyed("/id");
  Digester digester(rule, 1, 3);
  const auto key = [&](const std::string& json) {
    const Digest digest = read(digester, "{\"id\":" + json + "}");
    REQUIRE(digest.state == Digest::State::item);
    return digest.key;
  };
  CHECK(key("1") == key("1.0"));
  CHECK(key("100") == key("1e2"));
  CHECK(key("12345678901234567890") == key("1234567890123456789e1"));
  CHECK_FALSE(key("12345678901234567890") == key("12345678901234567891"));
  CHECK(key("\"a\"") == key("\"\\u0061\""));
  CHECK_FALSE(key("1") == key("\"1\""));
  CHECK_FALSE(key("true") == key("\"true\""));
  CHECK_FALSE(key("true") == key("false"));
}

TEST_CASE("digest: without a key that is text, a number or a boolean there is none") {
  const Rule rule = keyed("/a/id");
  Digester digester(rule, 1, 3);
  for (const char* text : {"{}", "{\"a\":{}}", "{\"a\":{\"id\":null}}", "{\"a\":{\"id\":[1]}}",
                           "{\"a\":{\"id\":{}}}", "[1]", "1", "{\"a\":{\"id\":1},\"a\":{}}"})
    CHECK(read(digester, text).state == Digest::State::no_key);
  CHECK(read(digester, "{\"a\":{\"id\":null},\"a\":{\"id\":2}}").state == Digest::State::item);
}

TEST_CASE("digest: each part of a key counts, in its place") {
  Rule rule;
  rule.at({"a"}).key = 0;
  rule.at({"b"}).key = 1;
  Digester digester(rule, 2, 3);
  const auto key = [&](const std::string& json) { return read(digester, json).key; };
  CHECK(key(R"({"a":1,"b":2})") == key(R"({"b":2,"a":1})"));
  CHECK_FALSE(key(R"({"a":1,"b":2})") == key(R"({"a":2,"b":1})"));
  CHECK_FALSE(key(R"({"a":1,"b":2})") == key(R"({"a":1,"b":3})"));
}

TEST_CASE("digest: only the compared part counts") {
  Rule rule = keyed("/id");
  rule.compared = false;
  rule.at({"body"}).compared = true;
  const auto same_in = [&](const std::string& left, const std::string& right) {
    Digester digester(rule, 1, 9);
    return read(digester, left).content == read(digester, right).content;
  };
  CHECK(same_in(R"({"id":1,"body":2,"x":1})", R"({"id":1,"body":2.0,"x":2})"));
  CHECK_FALSE(same_in(R"({"id":1,"body":2})", R"({"id":1,"body":3})"));
  CHECK_FALSE(same_in(R"({"id":1,"body":null})", R"({"id":1})"));
  CHECK(same_in(R"({"id":1})", R"({"x":5,"id":1})"));
}

TEST_CASE("digest: an object of many members is the same in any order, and of a name the last counts") {
  std::string up, down;
  for (int i = 0; i < 500; ++i) {
    const std::string member = "\"n" + std::to_string(i) + "\":" + std::to_string(i);
    up += (i == 0 ? "" : ",") + member;
    down = member + (i == 0 ? "" : ",") + down;
  }
  Rule rule;
  rule.compared = true;
  CHECK(same_content(rule, "{" + up + "}", "{" + down + "}"));
  CHECK(same_content(rule, "{\"n499\":1,\"n3\":[]," + up + "}", "{" + down + "}"));
  CHECK_FALSE(same_content(rule, "{" + up + ",\"n499\":1}", "{" + down + "}"));
  rule.at({"n7"}).ignored = Rule::Ignored::always;
  CHECK(same_content(rule, "{" + up + ",\"n7\":1}", "{" + down + "}"));
}
