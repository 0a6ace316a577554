#include "http_cache/range.h"

#include <doctest/doctest.h>
#include <limits>

namespace iso::http_cache {
namespace {

using namespace http;

using namespace std::chrono_literals;

constexpr Seconds kCame{1'790'000'000};
constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();

Stored whole(std::uint64_t length, Fields fields = {}, int status = 200) {
  Stored stored;
  stored.response = {status, std::move(fields)};
  stored.times = {kCame, kCame};
  stored.length = length;
  return stored;
}

TEST_CASE("range_of: one range of bytes is a part of a stored response (RFC 9110 section 14.1.2)") {
  using Want = std::optional<Part>;
  const struct {
    const char* range;
    std::uint64_t length;
    Want want;
  } rows[] = {
      {"bytes=0-1", 11, Part{0, 2}},
      {"bytes=1-", 11, Part{1, 10}},
      {"bytes=-1", 11, Part{10, 1}},
      {"bytes=0-0", 11, Part{0, 1}},
      {"bytes=10-", 11, Part{10, 1}},
      {"bytes=5-100", 11, Part{5, 6}},
      {"bytes=-100", 11, Part{0, 11}},
      {"bytes=5-99999999999999999999999", 11, Part{5, 6}},
      {"Bytes=0-1", 11, Part{0, 2}},
      {"bytes= 0-1 ", 11, Part{0, 2}},
      {"bytes=,0-1,", 11, Part{0, 2}},
      {"bytes=11-", 11, Part{0, 0}},  // section 14.1.1: not satisfiable
      {"bytes=99999999999999999999999-", 11, Part{0, 0}},
      {"bytes=-0", 11, Part{11, 0}},
      {"bytes=0-", 0, Part{0, 0}},
      {"bytes=-5", 0, Part{0, 0}},
      {"bytes=1-0", 11, std::nullopt},  // section 14.2: invalid, so ignored
      {"bytes=-", 11, std::nullopt},
      {"bytes=", 11, std::nullopt},
      {"bytes=a-b", 11, std::nullopt},
      {"bytes=1", 11, std::nullopt},
      {"bytes=--1", 11, std::nullopt},
      {"bytes=1--1", 11, std::nullopt},
      {"bytes", 11, std::nullopt},
      {"", 11, std::nullopt},
  };
  for (const auto& row : rows) {
    CAPTURE(row.range);
    const auto ranged = range_of({"GET", "", {{"Range", row.range}}}, whole(row.length));
    CHECK_FALSE(ranged.not_ours);
    CHECK(ranged.part == row.want);
  }
}

TEST_CASE(
    "range_of: several ranges and other units go to the origin; other methods and statuses have no range") {
  CHECK(range_of({"GET", "", {{"Range", "bytes=0-1, 3-4"}}}, whole(9)).not_ours);
  CHECK(range_of({"GET", "", {{"Range", "lines=0-1"}}}, whole(9)).not_ours);
  const Fields range{{"Range", "bytes=0-1"}};
  CHECK(range_of({"GET", "", range}, whole(9)).part);
  CHECK_FALSE(range_of({"GET", "", {}}, whole(9)).part);
  CHECK_FALSE(range_of({"HEAD", "", range}, whole(9)).part);
  CHECK_FALSE(range_of({"GET", "", range}, whole(9, {}, 404)).part);
}

TEST_CASE(
    "range_of: If-Range must match the stored response, by strong comparison (RFC 9110 section 13.1.5)") {
  const auto at = [](Seconds offset) { return http_date(kCame + offset); };
  const struct {
    Fields stored;
    std::string if_range;
    bool want;
  } rows[] = {
      {{{"ETag", "\"a\""}}, "\"a\"", true},
      {{{"ETag", "\"a\""}}, "\"b\"", false},
      {{{"ETag", "W/\"a\""}}, "W/\"a\"", false},
      {{{"ETag", "\"a\""}}, "W/\"a\"", false},
      {{}, "\"a\"", false},
      {{{"Last-Modified", at(-60s)}, {"Date", at(0s)}}, at(-60s), true},
      {{{"Last-Modified", at(-59s)}, {"Date", at(0s)}}, at(-59s), false},
      {{{"Last-Modified", at(-99s)}, {"Date", at(0s)}}, at(-60s), false},
      {{{"Date", at(0s)}}, at(-60s), false},
  };
  for (const auto& row : rows) {
    CAPTURE(&row - rows);
    const Request request{"GET", "", {{"Range", "bytes=0-1"}, {"If-Range", row.if_range}}};
    CHECK(range_of(request, whole(9, row.stored)).part.has_value() == row.want);
  }
}

TEST_CASE("partial: a 206 states its place in the whole (RFC 9110 section 15.3.7)") {
  const Response stored{200, {{"A", "1"}, {"Content-Length", "11"}, {"ETag", "\"a\""}}};
  const auto part = partial(stored, 11, {9, 2});
  CHECK(part.status == 206);
  CHECK(part.fields ==
        Fields{{"A", "1"}, {"Content-Length", "2"}, {"ETag", "\"a\""}, {"Content-Range", "bytes 9-10/11"}});
}

TEST_CASE("partial: a range beyond the end gets only the length (RFC 9110 section 15.5.17)") {
  const auto none =
      partial({200, {{"Date", "d"}, {"Age", "1"}, {"ETag", "\"a\""}, {"Content-Type", "x"}}}, 11, {});
  CHECK(none.status == 416);
  CHECK(none.fields ==
        Fields{{"Date", "d"}, {"Age", "1"}, {"Content-Range", "bytes */11"}, {"Content-Length", "0"}});
}

TEST_CASE("read_content_range: nothing if it contradicts itself (RFC 9110 section 14.4)") {
  const auto full = read_content_range("bytes 5-9/10");
  REQUIRE(full);
  CHECK(full->first == 5);
  CHECK(full->last == 9);
  CHECK(full->complete == 10);
  CHECK_FALSE(read_content_range("Bytes 5-9/*")->complete);
  CHECK(read_content_range("bytes 0-99999999999999999999999/*")->last == kMost);
  for (const char* text :
       {"", "bytes", "bytes */10", "bytes 5-10/10", "bytes 6-5/10", "bytes 5-9", "bytes 5-/10", "bytes -9/10",
        "bytes a-9/10", "bytes 5-9/x", "bytes 5-9/", "bytes=5-9/10", "lines 5-9/10"}) {
    CAPTURE(text);
    CHECK_FALSE(read_content_range(text));
  }
}

TEST_CASE("resume_fields: the rest is requested only with a strong tag (RFC 9110 section 13.1.5)") {
  const Fields tag{{"ETag", "\"a\""}};
  CHECK(resume_fields({200, tag}, 5) == Fields{{"Range", "bytes=5-"}, {"If-Range", "\"a\""}});
  CHECK(resume_fields({200, {{"ETag", "\"a\""}, {"Accept-Ranges", "Bytes"}, {"Content-Length", "6"}}}, 5));
  CHECK(resume_fields({200, {{"ETag", "\"a\""}, {"Content-Encoding", "identity"}}}, 5));
  CHECK_FALSE(resume_fields({200, tag}, 0));
  CHECK_FALSE(resume_fields({200, {}}, 5));
  CHECK_FALSE(resume_fields({200, {{"ETag", "W/\"a\""}}}, 5));
  CHECK_FALSE(resume_fields({200, {{"ETag", "a"}}}, 5));
  CHECK_FALSE(resume_fields({206, tag}, 5));
  CHECK_FALSE(resume_fields({200, {{"ETag", "\"a\""}, {"Accept-Ranges", "none"}}}, 5));
  CHECK_FALSE(resume_fields({200, {{"ETag", "\"a\""}, {"Content-Encoding", "gzip"}}}, 5));
  CHECK_FALSE(resume_fields({200, {{"ETag", "\"a\""}, {"Content-Length", "5"}}}, 5));
}

TEST_CASE("resumed: only the exact rest of the same body continues it (RFC 9110 section 15.3.7.3)") {
  const Fields sized{{"ETag", "\"a\""}, {"Content-Length", "10"}}, unsized{{"ETag", "\"a\""}};
  const auto part = [](const char* range, const char* tag = "\"a\"") {
    return Response{206, {{"Content-Range", range}, {"ETag", tag}}};
  };
  const struct {
    Fields begun;
    Response answer;
    Resumed want;
  } rows[] = {
      {sized, part("bytes 5-9/10"), Resumed::continues},
      {sized, part("bytes 5-9/*"), Resumed::continues},
      {unsized, part("bytes 5-9/10"), Resumed::continues},
      {unsized, part("bytes 5-9/*"), Resumed::unusable},
      {sized, {200, {}}, Resumed::restarts},
      {sized, part("bytes 4-9/10"), Resumed::unusable},
      {sized, part("bytes 5-8/10"), Resumed::unusable},
      {sized, part("bytes 5-10/11"), Resumed::unusable},
      {sized, part("bytes 5-9/10", "\"b\""), Resumed::unusable},
      {sized, part("bytes 5-9/10", "W/\"a\""), Resumed::unusable},
      {sized, {206, {{"Content-Range", "bytes 5-9/10"}}}, Resumed::unusable},
      {sized, {206, {{"ETag", "\"a\""}}}, Resumed::unusable},
      {sized,
       {206, {{"Content-Range", "bytes 5-9/10"}, {"ETag", "\"a\""}, {"Content-Length", "4"}}},
       Resumed::unusable},
      {sized, {416, {{"Content-Range", "bytes */5"}}}, Resumed::unusable},
      {sized, {304, {}}, Resumed::unusable},
      {sized, {503, {}}, Resumed::unusable},
  };
  for (const auto& row : rows) {
    CAPTURE(&row - rows);
    CHECK(resumed({200, row.begun}, 5, row.answer) == row.want);
  }
}

}  // namespace
}  // namespace iso::http_cache
