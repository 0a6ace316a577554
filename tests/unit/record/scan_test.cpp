#include "record/scan.h"

#include <doctest/doctest.h>

#include "record/json_table.h"
#include "record/record.h"
#include "record/write.h"

using namespace iso;
using Status = JsonScanner::Status;

TEST_CASE("is_json: what RFC 8259 allows and nothing else") {
  for (const auto& [name, json, apart] : test::kGoodJson) {
    const auto& shown = name;  // clang captures no structured binding
    CAPTURE(shown);
    CHECK(is_json(json));
    CHECK(is_json(" \t\r\n" + std::string(json) + "\n "));
  }
  for (const auto& [name, json, apart] : test::kBadJson) {
    const auto& shown = name;  // clang captures no structured binding
    CAPTURE(shown);
    CHECK_FALSE(is_json(json));
  }
}

TEST_CASE("JsonScanner: in however many parts the bytes come, the answer is the same") {
  for (const auto& [name, json, apart] : test::kGoodJson) {
    const auto& shown = name;  // clang captures no structured binding
    CAPTURE(shown);
    for (std::size_t part = 0; part <= json.size(); ++part) {
      JsonScanner scanner;
      const Status first = scanner.scan(json.substr(0, part), false);
      if (first == Status::more) CHECK(scanner.scan(json, true) == Status::complete);
      CHECK(scanner.position() == json.size());
    }
    JsonScanner byte_by_byte;
    for (std::size_t size = 1; size < json.size(); ++size)
      REQUIRE(byte_by_byte.scan(json.substr(0, size), false) != Status::bad);
    CHECK(byte_by_byte.scan(json, true) == Status::complete);
  }
  for (const auto& [name, json, apart] : test::kBadJson) {
    JsonScanner whole;
    if (whole.scan(json, true) != Status::bad) continue;  // more than one value: the first is fine
    const auto& shown = name;                             // clang captures no structured binding
    CAPTURE(shown);
    JsonScanner byte_by_byte;
    Status status = Status::more;
    for (std::size_t size = 1; size <= json.size() && status == Status::more; ++size)
      status = byte_by_byte.scan(json.substr(0, size), size == json.size());
    if (!json.empty()) CHECK(status == Status::bad);
    if (!json.empty()) CHECK(byte_by_byte.position() == whole.position());
  }
}

TEST_CASE("JsonScanner: nesting is bounded") {
  CHECK(is_json(std::string(kMaxDepth, '[') + std::string(kMaxDepth, ']')));
  CHECK_FALSE(is_json(std::string(kMaxDepth + 1, '[') + std::string(kMaxDepth + 1, ']')));
}

TEST_CASE("is_utf8: RFC 3629, whatever the place in the text") {
  const std::pair<std::string_view, bool> rows[] = {{"", true},
                                                    {"\xC3\xA9", true},
                                                    {"\xED\x9F\xBF", true},
                                                    {"\xF4\x8F\xBF\xBF", true},
                                                    {"\xC1\xBF", false},
                                                    {"\xE0\x9F\xBF", false},
                                                    {"\xED\xA0\x80", false},
                                                    {"\xF0\x8F\xBF\xBF", false},
                                                    {"\xF5\x80\x80\x80", false},
                                                    {"\x80", false},
                                                    {"\xC3", false}};
  for (const auto& [bytes, want] : rows)
    for (std::size_t before = 0; before < 20; ++before) {
      CHECK(is_utf8(std::string(before, 'a') + std::string(bytes)) == want);
      CHECK(is_utf8(std::string(before, 'a') + std::string(bytes) + "a") == want);
    }
}

TEST_CASE("body_kind_of: one JSON value is json, other UTF-8 is text, the rest is bytes") {
  CHECK(body_kind_of("{\"a\": 0.10}\n") == BodyKind::json);
  CHECK(body_kind_of("hello") == BodyKind::text);
  CHECK(body_kind_of("") == BodyKind::text);
  CHECK(body_kind_of("\"\xFF\"") == BodyKind::bytes);
}

TEST_CASE("append_json_string: only what must be escaped is") {
  std::string out;
  append_json_string(out, std::string_view("a\"\\/\b\f\n\r\t\0\x1F\x7F\xC3\xA9", 14));
  CHECK(out == "\"a\\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\x7F\xC3\xA9\"");
}
