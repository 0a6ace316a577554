#include "record/split.h"

#include <algorithm>
#include <cstring>
#include <doctest/doctest.h>
#include <string>
#include <vector>

#include "record/json_table.h"

using namespace iso;

namespace {

// Everything that comes out when the bytes go in in parts of `at_once`. A bad piece has "!" before it.
std::vector<std::string> split(Framing framing, std::string_view bytes, std::size_t at_once = 1000) {
  Splitter splitter(framing);
  std::vector<std::string> pieces;
  const auto drain = [&] {
    while (auto piece = splitter.next())
      pieces.push_back((piece->error.empty() ? "" : "!") + std::string(piece->bytes));
  };
  while (!bytes.empty()) {
    const auto part = bytes.substr(0, at_once);
    std::memcpy(splitter.space(part.size()).data(), part.data(), part.size());
    splitter.filled(part.size());
    bytes.remove_prefix(part.size());
    drain();
  }
  splitter.finish();
  drain();
  return pieces;
}

}  // namespace

TEST_CASE("Splitter: pieces are the same in whatever parts the bytes come") {
  const struct {
    Framing framing;
    std::string_view bytes;
    std::vector<std::string> want;
  } rows[] = {
      {Framing::json, "", {}},
      {Framing::json, " \n", {}},
      {Framing::json, "1 2\n3", {"1", "2", "3"}},
      {Framing::json, "{}{}\"a\"\"b\"[]", {"{}", "{}", "\"a\"", "\"b\"", "[]"}},
      {Framing::json, "\xEF\xBB\xBF{\"a\":1}", {"{\"a\":1}"}},
      {Framing::json, "{\n  \"a\": 1\n}\n{\"b\":2}", {"{\n  \"a\": 1\n}", "{\"b\":2}"}},
      {Framing::json, "{\"a\":1}\n{\"b\":}\n{\"c\":3}\n", {"{\"a\":1}", "!{\"b\":}", "{\"c\":3}"}},
      {Framing::json, "{\"a\":1\n{\"b\":2}\n", {"!{\"a\":1", "{\"b\":2}"}},
      {Framing::json, "1\nnope\n2\n", {"1", "!nope", "2"}},
      {Framing::json, "1a\n2", {"!1a", "2"}},
      {Framing::json, "[1,2", {"![1,2"}},
      {Framing::json,
       "{\n  \"a\": oops,\n  \"b\": {}\n}\n{\"c\":3}\n",
       {"!{\n  \"a\": oops,\n  \"b\": {}\n}", "{\"c\":3}"}},
      {Framing::records, "{\"a\":1}\n5\n", {"{\"a\":1}", "!5"}},
      {Framing::lines, "", {}},
      {Framing::lines, "a\n\nb\r\nc", {"a", "", "b\r", "c"}},
      {Framing::whole, "", {""}},
      {Framing::whole, "a\nb\n", {"a\nb\n"}},
  };
  for (const auto& row : rows)
    for (const std::size_t at_once : {1U, 2U, 3U, 7U, 1000U}) {
      CAPTURE(row.bytes);
      CAPTURE(at_once);
      CHECK(split(row.framing, row.bytes, at_once) == row.want);
    }
}

TEST_CASE("Splitter: good documents come out as they are, side by side with others") {
  for (const auto& [name, json, apart] : test::kGoodJson) {
    const auto& shown = name;  // clang captures no structured binding
    CAPTURE(shown);
    const std::string text(json);
    CHECK(split(Framing::json, text, 3) == std::vector{text});
    CHECK(split(Framing::json, "{}\n" + text + "\n[]\n", 3) == std::vector<std::string>{"{}", text, "[]"});
  }
}

TEST_CASE("Splitter: no bad document passes, and the good line after it survives") {
  for (const auto& [name, json, apart] : test::kBadJson) {
    if (apart & test::kStream) continue;
    const auto& shown = name;  // clang captures no structured binding
    CAPTURE(shown);
    const auto pieces = split(Framing::json, "{\"before\":1}\n" + std::string(json) + "\n{\"after\":2}\n");
    const auto is_bad = [](const std::string& piece) { return piece.starts_with('!'); };
    CHECK(pieces.front() == "{\"before\":1}");
    CHECK(pieces.back() == "{\"after\":2}");
    CHECK(std::any_of(pieces.begin(), pieces.end(), is_bad));
  }
}

TEST_CASE("Splitter: a piece knows its number, line and offset, and a fault its place") {
  Splitter splitter(Framing::json);
  const std::string_view bytes = "1\n\n {\"a\" 2}\n{}";
  std::memcpy(splitter.space(bytes.size()).data(), bytes.data(), bytes.size());
  splitter.filled(bytes.size());
  splitter.finish();
  CHECK(splitter.next()->number == 1);
  const auto bad = splitter.next();
  REQUIRE(bad);
  CHECK(bad->number == 2);
  CHECK(bad->line == 3);
  CHECK(bad->offset == 4);
  CHECK(bad->error.starts_with("line 3, byte 7: "));
  CHECK(splitter.next()->line == 4);
}

TEST_CASE("Splitter: a value comes out as soon as its line is there") {
  Splitter splitter(Framing::json);
  std::memcpy(splitter.space(8).data(), "{\"a\":1}\n", 8);
  splitter.filled(8);
  CHECK(splitter.next()->bytes == "{\"a\":1}");
  CHECK_FALSE(splitter.next());
}
