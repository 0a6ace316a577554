#include "record/pointer.h"

#include <doctest/doctest.h>

#include "record/read.h"
#include "support/errors.h"

using namespace iso;

TEST_CASE("pointer: finds a field, a header, and any depth of the body, as it stands") {
  const Record record = read_record(
      R"({"message_id":"m-1","priority":7,"headers":{"tenant":"acme","a/b":{"m~n":2},"n":{"$int32":4}},)"
      R"("body":{"id":12345678901234567890,"items":[{"id":"a"},{"id":"b\u00e9"}, 1.0 ],"no":null,"x":1,"x":2}})");
  const struct {
    const char* pointer;
    std::optional<std::string> want;
  } rows[] = {{"/message_id", "m-1"},
              {"/priority", "7"},
              {"/headers/tenant", "acme"},
              {"/headers/a~1b/m~0n", "2"},
              {"/body/id", "12345678901234567890"},
              {"/body/items/1/id", "b\xc3\xa9"},
              {"/body/items/2", "1.0"},
              {"/body/items/0", R"({"id":"a"})"},
              {"/body/x", "2"},
              {"/body/items/3", std::nullopt},
              {"/body/items/01", std::nullopt},
              {"/body/items/-", std::nullopt},
              {"/body/no", std::nullopt},
              {"/body/id/deeper", std::nullopt},
              {"/nothing", std::nullopt},
              {"/correlation_id", std::nullopt}};
  for (const auto& row : rows) {
    CAPTURE(row.pointer);
    CHECK(Pointer(row.pointer).text_at(record) == row.want);
  }
}

TEST_CASE("pointer: /body is the body's bytes, and there is nothing below a body that is not JSON") {
  const Record record = read_record(R"({"text":"hello"})");
  CHECK(Pointer("/body").text_at(record) == "hello");
  CHECK_FALSE(Pointer("/body/id").text_at(record));
}

TEST_CASE("pointer: one that is not a pointer is a usage error that shows how") {
  for (const auto* text : {"", "message_id", "/a~2", "/a~"}) {
    CAPTURE(text);
    CHECK(test::error_of([&] { Pointer pointer(text); }).kind() == ErrorKind::usage);
  }
}
