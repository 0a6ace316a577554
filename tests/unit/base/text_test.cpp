#include <array>
#include <doctest/doctest.h>
#include <set>

#include "base/base64.h"
#include "base/duration.h"
#include "base/random.h"
#include "base/suggest.h"
#include "base/text.h"
#include "support/errors.h"
#include "support/fakes.h"

using namespace iso;
using namespace std::chrono_literals;

TEST_CASE("base64: RFC 4648's own examples go both ways") {
  const std::pair<std::string_view, std::string_view> rows[] = {{"", ""},
                                                                {"f", "Zg=="},
                                                                {"fo", "Zm8="},
                                                                {"foo", "Zm9v"},
                                                                {"foob", "Zm9vYg=="},
                                                                {"fooba", "Zm9vYmE="},
                                                                {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : rows) {
    std::string out;
    append_base64(out, bytes);
    CHECK(out == text);
    CHECK(read_base64(text) == bytes);
  }
}

TEST_CASE("base64: padding may be missing; anything else that is not base64 is refused") {
  CHECK(read_base64("Zg") == "f");
  for (const auto* text : {"Z", "Zg=", "Zh==", "Zm9v!", "Zm 9v", "====", "Zg==Zg=="}) {
    const auto& shown = text;  // clang captures no structured binding
    CAPTURE(shown);
    CHECK_FALSE(read_base64(text));
  }
}

TEST_CASE("base64: every byte survives") {
  std::string bytes, text;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  append_base64(text, bytes);
  CHECK(read_base64(text) == bytes);
}

TEST_CASE("duration_text: in seconds, and parse_duration reads it back") {
  const std::pair<std::chrono::milliseconds, const char*> rows[] = {
      {250ms, "0.25s"}, {5s, "5s"}, {90min, "5400s"}, {1ms, "0.001s"}, {0ms, "0s"}};
  for (const auto& [duration, text] : rows) {
    CHECK(duration_text(duration) == text);
    CHECK(parse_duration(text) == duration);
  }
}

TEST_CASE("parse_duration: a number and its unit; a bare number is seconds") {
  const std::pair<std::string_view, std::chrono::milliseconds> rows[] = {
      {"250ms", 250ms}, {"5s", 5s}, {"5", 5s}, {"1.5m", 90s}, {"2h", 2h}, {"0", 0ms}, {"7d", 168h}};
  for (const auto& [text, want] : rows) {
    const auto& shown = text;  // clang captures no structured binding
    CAPTURE(shown);
    CHECK(parse_duration(text) == want);
  }
  for (const auto* text : {"", "s", "-1s", "1x", "1 s", "1e3s", "nan", "inf", "99999999999d"}) {
    const auto& shown = text;  // clang captures no structured binding
    CAPTURE(shown);
    CHECK(test::error_of([&] { parse_duration(text); }).kind() == ErrorKind::usage);
  }
}

TEST_CASE("nearest: a name that is a slip away is meant, a strange one is not") {
  constexpr std::array<std::string_view, 3> known{"routing_key", "exchange", "type"};
  CHECK(nearest("routng_key", known) == "routing_key");
  CHECK(nearest("exhcange", known) == "exchange");
  CHECK(nearest("tpye", known) == "type");
  CHECK(nearest("colour", known).empty());
}

TEST_CASE(
    "IdMaker: ids are 32 hex digits of a UUIDv7 that only grow, even when the clock stands still or goes "
    "back") {
  const test::FakeClock clock;
  IdMaker ids(clock, 1);
  std::string last;
  for (int i = 0; i < 10'000; ++i) {
    if (i == 5000) clock.now -= std::chrono::minutes(30);
    const std::string id = ids.next();
    REQUIRE(id.size() == 32);
    REQUIRE(id.find_first_not_of("0123456789abcdef") == std::string::npos);
    REQUIRE(id[12] == '7');
    REQUIRE(std::string_view("89ab").find(id[16]) != std::string_view::npos);
    REQUIRE(id > last);
    last = id;
  }
  CHECK(IdMaker(test::FakeClock(), 1).next().substr(0, 12) == "018bcfe56800");  // 1700000000000 ms
}

TEST_CASE("shortened: at most so many bytes, cut between characters, and it shows") {
  CHECK(shortened("abc", 3) == "abc");
  CHECK(shortened("abcd", 3) == "abc…");
  CHECK(shortened("aä€x", 6) == "aä€…");
  CHECK(shortened("aä€x", 5) == "aä…");
  CHECK(shortened("aä€x", 2) == "a…");
  CHECK(shortened("\x80\x80\x80", 2) == "…");
}
