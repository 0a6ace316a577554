#include "http_cache/validate.h"

#include <doctest/doctest.h>

namespace iso::http_cache {
namespace {

using namespace http;

using namespace std::chrono_literals;

constexpr Seconds kCame{1'790'000'000};

std::string at(Seconds offset) {
  return http_date(kCame + offset);
}

Stored entry(Fields fields, int status = 200) {
  Stored stored;
  stored.response = {status, std::move(fields)};
  stored.times = {kCame, kCame};
  return stored;
}

Stored tagged(const std::string& tag, Seconds date = 0s) {
  return entry({{"ETag", tag}, {"Date", at(date)}});
}

TEST_CASE("weakly_equal, strongly_equal: the table in RFC 9110 section 8.8.3.2") {
  const struct {
    const char *a, *b;
    bool strong, weak;
  } rows[] = {
      {"W/\"1\"", "W/\"1\"", false, true},
      {"W/\"1\"", "W/\"2\"", false, false},
      {"W/\"1\"", "\"1\"", false, true},
      {"\"1\"", "\"1\"", true, true},
      {"\"\"", "\"\"", true, true},
      {"\"a\"", "\"A\"", false, false},
      {"\"\xfc\"", "\"\xfc\"", true, true},
      {"1", "1", false, true},  // malformed: byte for byte
      {"1", "\"1\"", false, false},
      {"w/\"1\"", "w/\"1\"", false, true},
      {"w/\"1\"", "\"1\"", false, false},
      {"W/1", "1", false, false},
      {"\"", "\"", false, true},
      {"", "", false, false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.a);
    CAPTURE(row.b);
    CHECK(strongly_equal(row.a, row.b) == row.strong);
    CHECK(weakly_equal(row.a, row.b) == row.weak);
    CHECK(weakly_equal(row.b, row.a) == row.weak);
  }
}

TEST_CASE("conditions_for: both validators, byte for byte (RFC 9111 section 4.3.1)") {
  for (const char* tag : {"\"abc\"", "W/\"abc\"", "abc", "w/\"abc\"", "\"\xfc\""})
    CHECK(conditions_for({200, {{"etag", tag}}}) == Fields{{"If-None-Match", tag}});
  const std::string date = "wed, 01 Jan 2020 00:00:00 GMT";
  CHECK(conditions_for({200, {{"Last-Modified", date}, {"ETag", "\"a\""}}}) ==
        Fields{{"If-None-Match", "\"a\""}, {"If-Modified-Since", date}});
  CHECK(conditions_for({200, {{"Last-Modified", "yesterday"}, {"ETag", ""}}}).empty());
  CHECK(conditions_for({200, {}}).empty());
  // A 304 stands for a 200 (RFC 9110 section 15.4.5).
  CHECK(conditions_for({404, {{"ETag", "\"a\""}, {"Last-Modified", date}}}).empty());
  CHECK(conditions_for({206, {{"ETag", "\"a\""}}}).size() == 1);
}

TEST_CASE(
    "variant_conditions: the tags of all complete responses, without duplicates (RFC 9111 section 4.3.1)") {
  const Stored entries[] = {tagged("\"a\""),
                            entry({{"Last-Modified", at(0s)}}),
                            tagged("W/\"b\""),
                            tagged("\"a\""),
                            entry({{"ETag", "\"c\""}}, 206),
                            entry({{"ETag", "\"d\""}}, 404),
                            entry({{"ETag", "\"e\""}, {"Content-Encoding", "gzip"}})};
  CHECK(variant_conditions(entries) == Fields{{"If-None-Match", "\"a\", W/\"b\""}});
  CHECK(variant_conditions({}).empty());
  const std::vector<Stored> many(100, tagged("\"x\""));
  std::vector<Stored> different;
  for (int i = 0; i < 100; ++i) different.push_back(tagged("\"" + std::to_string(i) + "\""));
  CHECK(variant_conditions(many).first("if-none-match") == "\"x\"");
  CHECK(list_members(*variant_conditions(different).first("if-none-match")).size() == 32);
}

TEST_CASE("is_unmodified: evaluates the user's own condition for a valid response (RFC 9111 section 4.3.2)") {
  const Fields both{{"ETag", "\"abc\""}, {"Last-Modified", at(-3000s)}, {"Date", at(0s)}};
  const Fields dated{{"Date", at(0s)}};
  const struct {
    Fields stored, request;
    bool want;
  } rows[] = {
      {both, {{"If-None-Match", "\"abc\""}}, true},
      {both, {{"If-None-Match", "W/\"abc\""}}, true},
      {both, {{"If-None-Match", "\"abc\", \"1\", \"2\""}}, true},
      {both, {{"If-None-Match", "\"1\", \"abc\", \"2\""}}, true},
      {both, {{"If-None-Match", "\"1\""}, {"If-None-Match", "\"abc\""}}, true},
      {both, {{"If-None-Match", "*"}}, true},
      {both, {{"If-None-Match", "\"abcd\""}}, false},
      {both, {{"If-None-Match", "abc"}}, false},
      {both, {{"If-None-Match", "\"x, \\\"abc\\\"\""}}, false},
      {{{"ETag", "W/\"abc\""}}, {{"If-None-Match", "W/\"abc\""}}, true},
      {{{"ETag", "abc"}}, {{"If-None-Match", "abc"}}, true},
      {dated, {{"If-None-Match", "\"abc\""}}, false},
      // If-None-Match takes precedence over If-Modified-Since (RFC 9110 section 13.2.2).
      {both, {{"If-None-Match", "\"abc\""}, {"If-Modified-Since", at(-9000s)}}, true},
      {both, {{"If-None-Match", "\"x\""}, {"If-Modified-Since", at(0s)}}, false},
      {both, {{"If-Modified-Since", at(-3000s)}}, true},
      {both, {{"If-Modified-Since", at(-2000s)}}, true},
      {both, {{"If-Modified-Since", at(-3001s)}}, false},
      {both, {{"If-Modified-Since", "soon"}}, false},
      {dated, {{"If-Modified-Since", at(0s)}}, true},  // Date instead of Last-Modified
      {dated, {{"If-Modified-Since", at(-1s)}}, false},
      {{}, {{"If-Modified-Since", at(0s)}}, true},  // and the arrival time instead of Date
      {{}, {{"If-Modified-Since", at(-1s)}}, false},
      {both, {}, false},
  };
  for (const auto& row : rows) {
    CAPTURE(&row - rows);
    CHECK(is_unmodified({"GET", "", row.request}, {200, row.stored}, {kCame, kCame}) == row.want);
    CHECK_FALSE(is_unmodified({"GET", "", row.request}, {404, row.stored}, {kCame, kCame}));
  }
}

TEST_CASE("covers: the user's condition names the stored response, so that a 304 applies to both") {
  const Response both{200, {{"ETag", "\"a\""}, {"Last-Modified", at(-5s)}}};
  CHECK(covers({"GET", "", {{"If-None-Match", "\"x\", W/\"a\""}}}, both));
  CHECK_FALSE(covers({"GET", "", {{"If-None-Match", "\"x\""}}}, both));
  CHECK_FALSE(covers({"GET", "", {{"If-None-Match", "\"x\""}, {"If-Modified-Since", at(-5s)}}}, both));
  CHECK(covers({"GET", "", {{"If-Modified-Since", at(-5s)}}}, both));
  CHECK_FALSE(covers({"GET", "", {{"If-Modified-Since", at(0s)}}}, both));
  CHECK_FALSE(covers({"GET", "", {}}, {200, {}}));
}

TEST_CASE("named_by: a 304 confirms the response that was validated, or none (RFC 9111 section 4.3.4)") {
  const Fields both{{"ETag", "\"a\""}, {"Last-Modified", at(-5s)}}, weak{{"ETag", "W/\"a\""}};
  const struct {
    Fields stored, answer;
    bool want;
  } rows[] = {
      {both, {}, true},
      {both, {{"ETag", "\"a\""}}, true},
      {both, {{"ETag", "\"a\""}, {"Last-Modified", at(0s)}}, true},
      {both, {{"ETag", "W/\"a\""}}, true},
      {both, {{"ETag", "\"b\""}}, false},
      {both, {{"ETag", "W/\"b\""}}, false},
      {both, {{"Last-Modified", at(-5s)}}, true},
      {both, {{"Last-Modified", at(-6s)}}, false},
      {weak, {{"ETag", "\"a\""}}, true},
      {{{"Last-Modified", at(-5s)}}, {{"ETag", "\"a\""}}, false},
      {{{"Last-Modified", at(-5s)}}, {}, true},
  };
  for (const auto& row : rows) {
    CAPTURE(&row - rows);
    const Stored entries[] = {tagged("\"b\""), entry(row.stored)};
    const auto named = named_by({304, row.answer}, entries, 1);
    CHECK(named == (row.want ? std::optional<std::size_t>(1) : std::nullopt));
  }
}

TEST_CASE(
    "named_by: among variants the tag decides, and the most recent of equal ones (RFC 9111 section 4.3.4)") {
  const Stored entries[] = {tagged("\"a\"", 9s), tagged("\"b\"", 5s), tagged("W/\"a\"", 10s),
                            tagged("\"b\"", 3s), entry({{"ETag", "\"c\""}}, 206)};
  const auto named = [&entries](Fields answer) {
    return named_by({304, std::move(answer)}, entries, std::nullopt);
  };
  CHECK(named({{"ETag", "\"a\""}}) == 0);
  CHECK(named({{"ETag", "\"b\""}}) == 1);
  CHECK(named({{"ETag", "W/\"a\""}}) == 2);
  CHECK_FALSE(named({{"ETag", "\"c\""}}));
  CHECK_FALSE(named({{"ETag", "\"x\""}}));
  CHECK_FALSE(named({}));
  const Stored one[] = {tagged("\"a\""), entry({{"ETag", "\"e\""}, {"Content-Encoding", "gzip"}}), entry({}),
                        entry({{"ETag", "\"c\""}}, 206)};
  CHECK(named_by({304, {}}, one, std::nullopt) == 0);
  CHECK_FALSE(named_by({304, {{"ETag", "\"e\""}}}, one, std::nullopt));
}

TEST_CASE("as_stored: removes connection fields and keeps all others (RFC 9111 section 3.1)") {
  Fields fields{{"Date", at(0s)}, {"Connection", "a, B"}, {"connection", "close"}, {"A", "1"}, {"b", "2"},
                {"C", "3"}};
  for (const char* name : {"Keep-Alive", "TE", "Transfer-Encoding", "Upgrade", "Proxy-Connection",
                           "Proxy-Authenticate", "Proxy-Authentication-Info", "Proxy-Authorization"})
    fields.add(name, "x");
  Fields kept{{"Date", at(0s)}, {"C", "3"}};
  for (const char* name : {"Set-Cookie", "Set-Cookie", "Content-Encoding", "Content-Range",
                           "WWW-Authenticate", "Trailer", "X-Unknown"}) {
    fields.add(name, "x");
    kept.add(name, "x");
  }
  CHECK(as_stored({200, fields}, kCame).fields == kept);
  CHECK(as_stored({200, {}}, kCame).fields == Fields{{"Date", at(0s)}});  // RFC 9110 section 6.6.1
  CHECK(as_stored({200, {{"Date", "foo"}}}, kCame).fields == Fields{{"Date", "foo"}});
}

TEST_CASE("freshened: the fields of a 304 replace the stored ones (RFC 9111 section 3.2)") {
  const Response stored{200,
                        {{"Date", at(-90s)},
                         {"Age", "40"},
                         {"ETag", "\"a\""},
                         {"Cache-Control", "max-age=1"},
                         {"Set-Cookie", "a=1"},
                         {"Set-Cookie", "b=1"},
                         {"Content-Length", "5"},
                         {"Content-Encoding", "gzip"},
                         {"Content-Type", "text/plain"},
                         {"Test", "A"}}};
  const Response answer{304,
                        {{"date", at(0s)},
                         {"cache-control", "max-age=2"},
                         {"cache-control", "foo"},
                         {"Set-Cookie", "c=2"},
                         {"Content-Length", "0"},
                         {"Content-Encoding", "br"},
                         {"Content-Range", "x"},
                         {"Content-Type", "text/html"},
                         {"Connection", "Test"},
                         {"Test", "B"},
                         {"New", "n"}}};
  const auto merged = freshened(stored, answer, kCame);
  CHECK(merged.status == 200);
  CHECK(merged.fields == Fields{{"ETag", "\"a\""},
                                {"Content-Length", "5"},
                                {"Content-Encoding", "gzip"},
                                {"Test", "A"},
                                {"date", at(0s)},
                                {"cache-control", "max-age=2"},
                                {"cache-control", "foo"},
                                {"Set-Cookie", "c=2"},
                                {"Content-Type", "text/html"},
                                {"New", "n"}});
  CHECK(freshened(stored, {304, {{"Age", "3"}}}, kCame).fields.first("age") == "3");
  CHECK(freshened(stored, {304, {}}, kCame).fields.first("date") == at(0s));
}

TEST_CASE("freshened: a weak tag is not made strong by a 304") {
  CHECK(freshened({200, {{"ETag", "W/\"a\""}}}, {304, {{"ETag", "\"a\""}}}, kCame).fields.first("etag") ==
        "W/\"a\"");
  CHECK(freshened({200, {{"ETag", "\"a\""}}}, {304, {{"ETag", "W/\"a\""}}}, kCame).fields.first("etag") ==
        "W/\"a\"");
}

TEST_CASE(
    "same_as_head: compares the HEAD's validators and length with the stored response (RFC 9111 section "
    "4.3.5)") {
  auto stored = entry({{"ETag", "\"a\""}, {"Last-Modified", at(0s)}, {"Content-Length", "5"}});
  CHECK(same_as_head(stored, {200, {}}));
  CHECK(same_as_head(stored, stored.response));
  CHECK_FALSE(same_as_head(stored, {200, {{"ETag", "\"b\""}}}));
  CHECK_FALSE(same_as_head(stored, {200, {{"Last-Modified", at(1s)}}}));
  CHECK_FALSE(same_as_head(stored, {200, {{"Content-Length", "6"}}}));
  CHECK_FALSE(same_as_head(entry({}), {200, {{"ETag", "\"b\""}}}));
  auto chunked = entry({});
  chunked.length = 6;
  CHECK(same_as_head(chunked, {200, {{"Content-Length", "6"}}}));
  CHECK_FALSE(same_as_head(chunked, {200, {{"Content-Length", "5"}}}));
}

}  // namespace
}  // namespace iso::http_cache
