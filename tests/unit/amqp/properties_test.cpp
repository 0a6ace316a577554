#include "amqp/properties.h"

#include <doctest/doctest.h>
#include <limits>

#include "support/errors.h"
#include "support/fake_broker.h"

using namespace iso;
using namespace iso::amqp;
using namespace std::string_literals;
using test::integer;
using test::long_text;
using test::short_text;

namespace {

std::string written(const Record& record) {
  std::string out;
  ByteWriter writer(out);
  write_properties(writer, record);
  CHECK(writer.fits());
  return out;
}

Record read(const std::string& bytes) {
  Record record;
  CHECK(read_properties(record, bytes) == "");
  return record;
}

std::string headers_of(const std::string& entries) {
  return integer(1 << 13, 2) + long_text(entries);
}

}  // namespace

TEST_CASE("properties: each is at its place, and comes back") {
  Record record;
  record.persistent = false;
  CHECK(written(record) == integer(1 << 12, 2) + "\x01");
  record.content_type = "a/b";
  record.content_encoding = "gzip";
  record.headers.emplace();
  record.priority = std::uint8_t{9};
  record.correlation_id = "c";
  record.reply_to = "r";
  record.expiration = "1000";
  record.message_id = "m";
  record.timestamp = 1'700'000'000;
  record.type = "t";
  record.user_id = "u";
  record.app_id = "a";
  CHECK(written(record) == integer(0xFFF8, 2) + short_text("a/b") + short_text("gzip") + integer(0, 4) +
                               "\x01\x09" + short_text("c") + short_text("r") + short_text("1000") +
                               short_text("m") + integer(1'700'000'000, 8) + short_text("t") +
                               short_text("u") + short_text("a"));
  CHECK(read(written(record)) == record);
}

TEST_CASE("properties: fields of each type are written by their bytes, and come back") {
  using Limits = std::numeric_limits<std::int64_t>;
  const struct {
    Field field;
    std::string bytes;
  } rows[] = {
      {{std::monostate{}}, "V"},
      {{true}, "t\x01"},
      {{std::int8_t{-1}}, "b\xFF"},
      {{std::uint8_t{255}}, "B\xFF"},
      {{std::int16_t{-2}}, "s\xFF\xFE"},
      {{std::uint16_t{65'535}}, "u\xFF\xFF"},
      {{std::int32_t{-2}}, "I\xFF\xFF\xFF\xFE"},
      {{std::uint32_t{1}}, "i\0\0\0\x01"s},
      {{Limits::min()}, "l\x80\0\0\0\0\0\0\0"s},
      {{std::numeric_limits<std::uint64_t>::max()}, "L" + std::string(8, '\xFF')},
      {{1.5F}, "f\x3F\xC0\0\0"s},
      {{-2.0}, "d\xC0\0\0\0\0\0\0\0"s},
      {{Decimal{2, -1250}}, "D\x02\xFF\xFF\xFB\x1E"},
      {{std::string("text")}, "S" + long_text("text")},
      {{Timestamp{5}}, "T" + integer(5, 8)},
      {{Bytes{"\0x"s}}, "x" + long_text("\0x"s)},
      {{FieldArray{Field{true}, Field{}}}, "A" + long_text("t\x01V")},
      {{FieldTable{{"n", Field{}}, {"n", Field{true}}}},
       "F" + long_text(short_text("n") + "V" + short_text("n") + "t\x01")},
  };
  for (const auto& row : rows) {
    CAPTURE(row.bytes.front());
    Record record;
    record.persistent = true;
    record.headers = FieldTable{{"h", row.field}};
    const std::string bytes = integer(3 << 12, 2) + long_text(short_text("h") + row.bytes) + "\x02";
    CHECK(written(record) == bytes);
    CHECK(read(bytes) == record);
  }
}

TEST_CASE("properties: what is not well formed is the broker's fault, and named") {
  const struct {
    const char* name;
    std::string bytes;
    const char* fault;
  } rows[] = {
      {"no flags", "\x80", "past the end"},
      {"flags that go on", integer(1, 2) + integer(0, 2), "flags that go on"},
      {"a flag that means nothing", integer(2, 2), "means nothing"},
      {"more than the flags say", integer(0, 2) + "x", "ends before"},
      {"less than the flags say", integer(1 << 15, 2), "past the end"},
      {"a table past the end", integer(1 << 13, 2) + integer(9, 4) + short_text("a") + "V", "past the end"},
      {"a name past its table", headers_of("\x09zV"), "past the end"},
      {"a value past its table", headers_of(short_text("a") + "l1234"), "past the end"},
      {"a string past its table", headers_of(short_text("a") + "S" + integer(1000, 4)), "past the end"},
      {"a table past its table", headers_of(short_text("a") + "F" + integer(0xFFFFFFFF, 4)), "past the end"},
      {"a value past its array", headers_of(short_text("a") + "A" + long_text("S")), "past the end"},
      {"no type", headers_of(short_text("a")), "past the end"},
      {"an unknown type", headers_of(short_text("a") + "Z"), "the unknown type 0x5a"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    Record record;
    const Error error = test::error_of([&] { read_properties(record, row.bytes); });
    CHECK(error.kind() == ErrorKind::unavailable);
    CHECK(test::says(error, row.fault));
  }
}

TEST_CASE("properties: headers nested too deep, however deep, are left out, and the rest is read") {
  const auto nested = [](std::size_t levels) {  // {"a": {"a": … null}}
    std::string table = short_text("a") + "V";
    while (levels-- > 1) table = short_text("a") + "F" + long_text(table);
    return table;
  };
  CHECK(read(headers_of(nested(kDeepestHeaders))).headers);
  for (const std::size_t levels : {std::size_t{kDeepestHeaders} + 1, std::size_t{20'000}}) {
    Record record;
    const std::string bytes = integer(1 << 13 | 1 << 7, 2) + long_text(nested(levels)) + short_text("id");
    CHECK(read_properties(record, bytes) == "headers nested deeper than 100 levels");
    CHECK_FALSE(record.headers);
    CHECK(record.message_id == "id");
  }
  std::string array;  // [[[…]]]
  for (int level = 0; level < 20'000; ++level) array = "A" + long_text(array);
  Record record;
  CHECK(read_properties(record, headers_of(short_text("a") + array)) ==
        "headers nested deeper than 100 levels");
}

TEST_CASE("properties: names that do not fit their length are not written") {
  std::string out;
  ByteWriter writer(out);
  Record record;
  SUBCASE("a property") {
    record.app_id = std::string(256, 'a');
  }
  SUBCASE("the name of a header") {
    record.headers = FieldTable{{std::string(256, 'h'), Field{}}};
  }
  write_properties(writer, record);
  CHECK_FALSE(writer.fits());
}
