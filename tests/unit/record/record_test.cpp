#include <cmath>
#include <doctest/doctest.h>
#include <limits>
#include <random>

#include "record/merge.h"
#include "record/read.h"
#include "record/scan.h"
#include "record/settings.h"
#include "record/time.h"
#include "record/write.h"
#include "support/errors.h"

using namespace iso;

namespace {

std::string written(const Record& record) {
  std::string out;
  append_record(out, record);
  return out;
}

// A field of any type, nested at most `depth` deep.
Field any_field(std::mt19937& random, int depth) {
  const auto bits = [&] { return static_cast<std::uint64_t>(random()) << 32 | random(); };
  switch (random() % (depth > 0 ? 18 : 16)) {
    case 0:
      return {std::monostate{}};
    case 1:
      return {random() % 2 == 0};
    case 2:
      return {static_cast<std::int8_t>(bits())};
    case 3:
      return {static_cast<std::uint8_t>(bits())};
    case 4:
      return {static_cast<std::int16_t>(bits())};
    case 5:
      return {static_cast<std::uint16_t>(bits())};
    case 6:
      return {static_cast<std::int32_t>(bits())};
    case 7:
      return {static_cast<std::uint32_t>(bits())};
    case 8:
      return {static_cast<std::int64_t>(bits())};
    case 9:
      return {bits()};
    case 10:
      return {static_cast<float>(static_cast<double>(bits()) / 3e9 - 1e9)};
    case 11:
      return {std::ldexp(static_cast<double>(bits()), static_cast<int>(random() % 200) - 100)};
    case 12:
      return {Decimal{static_cast<std::uint8_t>(random() % 12), static_cast<std::int32_t>(bits())}};
    case 13:
      return {std::string(random() % 2 ? "text \xC3\xA9 \"" : "\xFF\x00x")};
    case 14:
      return {Timestamp{bits() >> 8}};
    case 15:
      return {Bytes{std::string(random() % 5, '\xFE')}};
    case 16: {
      FieldArray array;
      for (auto left = random() % 4; left > 0; --left) array.push_back(any_field(random, depth - 1));
      return {std::move(array)};
    }
    default: {
      static const char* const kNames[] = {"a", "a", "$int8", "b c", "", "x-death"};
      FieldTable table;
      for (auto left = random() % 4; left > 0; --left)
        table.emplace_back(kNames[random() % 6], any_field(random, depth - 1));
      return {std::move(table)};
    }
  }
}

}  // namespace

TEST_CASE("fields: every type survives, however nested") {
  std::mt19937 random(7);
  for (int i = 0; i < 3000; ++i) {
    const FieldTable table{{"first", any_field(random, 4)}, {"second", any_field(random, 4)}};
    std::string json;
    append_fields(json, table);
    CAPTURE(json);
    REQUIRE(is_json(json));
    REQUIRE(read_fields(json) == table);
  }
}

TEST_CASE("fields: JSON's own types are plain, the others are tagged") {
  const std::string_view rows[] = {
      R"({"i":-5,"d":2.5,"b":true,"v":null,"s":"x","a":[1,"two"],"t":{"k":1}})",
      R"({"w":{"$int32":5},"u":{"$uint64":18446744073709551615}})",
      R"({"D":{"$decimal":"-0.05"},"T":{"$timestamp":1700000000},"x":{"$bytes":"AP8="}})",
      R"({"n":{"$double":"nan"},"i":{"$float":"-inf"}})", R"({"t":{"$table":{"$int8":300}}})"};
  for (const auto json : rows) {
    std::string again;
    append_fields(again, read_fields(json));
    CHECK(again == json);
  }
}

TEST_CASE("fields: what cannot be is named by its pointer") {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {R"({"a":{"$int8":200}})", "/headers/a: not an integer from -128 to 127"},
      {R"({"a":[1,{"$bytes":"?"}]})", "/headers/a/1: not base64"},
      {R"({"a":{"$int9":1}})", "did you mean $int"},
      {R"({"a":99999999999999999999})", "does not fit 64 bits"},
      {R"({"a/b":{"$decimal":"x"}})", "/headers/a~1b"}};
  for (const auto& [json, why] : rows) {
    const auto& shown = json;  // clang captures no structured binding
    CAPTURE(shown);
    const Error error = test::error_of([&, json = json] { read_fields(json); });
    CAPTURE(error.what());
    CHECK(error.kind() == ErrorKind::data);
    CHECK(test::says(error, why));
  }
}

TEST_CASE("fields: a header called $table, with any value, reads back as another") {
  const FieldTable named{{"$table", {std::int8_t{5}}}};
  const FieldTable tables[] = {named,
                               {{"a", {named}}},
                               {{"a", {FieldTable{{"$table", {named}}}}}},
                               {{"$table", {named}}, {"b", {FieldArray{{named}}}}},
                               {{"$table", {FieldTable{{"x", {true}}, {"$table", {named}}}}}}};
  for (const auto& table : tables) {
    std::string json;
    append_fields(json, table);
    const auto& shown = json;  // clang captures no structured binding
    CAPTURE(shown);
    CHECK(read_fields(json) == table);
  }
  CHECK(test::says(test::error_of([] { read_fields(R"({"a":{"$table":{"$table":{"$int8":200}}}})"); }),
                   "/headers/a/$table/$table: not an integer"));
}

TEST_CASE("fields: a float comes back as its neighbour, and 1e300 as an infinity") {
  const auto read = [](std::string_view json) { return read_fields(json).front().second; };
  const float twice_rounded = 7.038531e-26F;
  CHECK(read(R"({"a":{"$float":7.038531e-26}})") == Field{twice_rounded});
  CHECK(read(R"({"a":{"$float":1e-300}})") == Field{0.0F});
  for (const auto* json : {R"({"a":{"$float":1e300}})", R"({"a":{"$float":-1e39}})"})
    CHECK(test::says(test::error_of([&] { read(json); }), "/headers/a: too large for a float"));
}

TEST_CASE("fields: a timestamp beyond 63 bits is written and then refused") {
  const FieldTable table{{"t", {Timestamp{std::numeric_limits<std::uint64_t>::max()}}}};
  std::string json;
  append_fields(json, table);
  CHECK(read_fields(json) == table);
}

TEST_CASE("records: a property that is not UTF-8 is written as what is no JSON") {
  Record record;
  record.app_id = "caf\xE9";
  record.headers = FieldTable{{"\xFF", {true}}};
  CHECK(written(record) == R"({"app_id":"caf?","headers":{"?":true}})");
}

TEST_CASE("records: what is written reads back the same, and the body stays verbatim") {
  const std::string_view rows[] = {
      R"({"body":{"z":0.1000,"a":1e400,"a":2,"n":12345678901234567890123}})",
      R"({"exchange":"e","routing_key":"k","queue":"q","message_id":"m","correlation_id":null,"type":"t","content_type":"c","content_encoding":"d","reply_to":"r","app_id":"a","user_id":"u","priority":255,"expiration":"10","timestamp":1,"persistent":false,"mandatory":true,"headers":{"h":1},"redelivered":true,"delivery_count":2,"received_at":"2026-11-24T03:00:00.123Z","text":"not \" json"})",
      R"({"message_id":null,"base64":"AP8="})",
      R"({"body":null})",
      R"({})",
  };
  for (const auto json : rows) CHECK(written(read_record(json)) == json);
}

TEST_CASE("records: other shapes of the same value are taken") {
  CHECK(read_record(R"({"expiration":10})").expiration == "10");
  CHECK(read_record(R"({"timestamp":"1970-01-01T01:00:01+01:00"})").timestamp == 1);
  CHECK(read_record(R"({"text":"\u00e9\ud83d\ude00\/"})").body == "\xC3\xA9\xF0\x9F\x98\x80/");
}

TEST_CASE("records: a fault names the byte and the field, and a slip the nearest name") {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {R"({"priority":"high"})", "byte 13: priority must be an integer from 0 to 255, not \"high\""},
      {R"({"priority":256})", "from 0 to 255"},
      {R"({"routng_key":"k"})", "byte 2: unknown field \"routng_key\"; did you mean \"routing_key\"?"},
      {R"({"body":1,"text":"x"})", "only one of body, text and base64"},
      {R"({"type":"a","type":"b"})", "type is given twice"},
      {R"({"type":5})", "type must be a string"},
      {R"({"text":"\ud800"})", "half of a surrogate pair"},
      {R"({"base64":"?"})", "must be base64"},
      {R"({"timestamp":"yesterday"})", "seconds since the epoch"},
      {R"({"expiration":-1})", "milliseconds"},
      {R"({"error":"line 3","text":"x"})", "correct it"},
      {R"([1])", "expected a JSON object"},
      {R"({"body":1} 2)", "expected nothing after the object"},
  };
  for (const auto& [json, why] : rows) {
    const auto& shown = json;  // clang captures no structured binding
    CAPTURE(shown);
    const Error error = test::error_of([&, json = json] { read_record(json); });
    CAPTURE(error.what());
    CHECK(error.kind() == ErrorKind::data);
    CHECK(test::says(error, why));
  }
  CHECK(test::says(test::error_of([] { read_record("{\"type\":\"" + std::string(256, 'x') + "\"}"); }),
                   "at most 255"));
}

TEST_CASE("time: RFC 3339 both ways") {
  for (const std::string text : {"0000-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z"}) {
    std::string again;
    append_rfc3339(again, read_rfc3339(text).value());
    CHECK(again == text);
  }
  std::string out;
  append_rfc3339(out, 1'700'000'000'123);
  CHECK(out == "2023-11-14T22:13:20.123Z");
  CHECK(read_rfc3339(out) == 1'700'000'000'123);
  for (const auto* text :
       {"0000-01-01T00:00:00+00:01", "9999-12-31T23:59:60Z", "2023-01-01T00:00:00.Z", "2023-02-29T00:00:00Z",
        "2023-01-01", "2023-01-01T25:00:00Z", "2023-01-01T00:00:00", "x"})
    CHECK_FALSE(read_rfc3339(text));
}

TEST_CASE(
    "fill: what is set stays, what is unset comes from below, headers merge by name, a null id is set") {
  Record record = read_record(R"({"type":"own","message_id":null,"headers":{"a":1},"body":1})");
  fill(
      record,
      read_record(
          R"({"type":"below","app_id":"below","message_id":"m","correlation_id":"c","headers":{"a":2,"b":2},"body":2})"));
  CHECK(
      written(record) ==
      R"({"message_id":null,"correlation_id":"c","type":"own","app_id":"below","headers":{"a":1,"b":2},"body":1})");
}

TEST_CASE("settings: comments and a hole are allowed, the hole with a warning") {
  const auto settings = read_settings(
      "{ // whose\n \"type\": /* the name */ \"a // b\",\n \"app_id\":,\n \"reply_to\":}", "s.json");
  CHECK(settings.record.type == "a // b");
  CHECK_FALSE(settings.record.app_id);
  CHECK(settings.warnings == std::vector<std::string>{"s.json:3: app_id has no value; it is left unset",
                                                      "s.json:4: reply_to has no value; it is left unset"});
}

TEST_CASE("settings: a name with half of a surrogate pair is called an unknown field without a name") {
  const Error error = test::error_of([] { read_settings(R"({"\ud800":1,"\udc00":2})", "s.json"); });
  CHECK(test::says(error, "s.json:1:2: half of a surrogate pair is not a character"));
  CHECK(test::says(error, "s.json:1:13: half of a surrogate pair is not a character"));
}

TEST_CASE("settings: every fault is shown with its place, and a caret under it") {
  const Error error =
      test::error_of([] { read_settings("{\n\t\"tpye\": 1,\n  \"priority\": -1\n}", "s.json"); });
  CHECK(error.kind() == ErrorKind::config);
  CHECK(std::string_view(error.what()) ==
        "s.json:2:2: unknown field \"tpye\"; did you mean \"type\"?\n  \t\"tpye\": 1,\n  \t^\n"
        "s.json:3:15: priority must be an integer from 0 to 255, not -1\n    \"priority\": -1\n              "
        "  ^");
  for (const auto* text :
       {"", "[]", "{\"type\":\"t\",}", "{\"type\":\"t\"", "{} x", "/* no end", "{\"type\":,,}"})
    CHECK(test::error_of([&] { read_settings(text, "s.json"); }).kind() == ErrorKind::config);
}
