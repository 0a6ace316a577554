#include "http_cache/freshness.h"

#include <doctest/doctest.h>

namespace iso::http_cache {
namespace {

using namespace http;

using namespace std::chrono_literals;

constexpr Seconds kCame{1'790'000'000};
constexpr Times kTimes{kCame, kCame};

std::string at(Seconds offset) {
  return http_date(kCame + offset);
}

Stored entry(const std::string& cache_control, Fields more = {}) {
  Stored stored;
  stored.response = {200, std::move(more)};
  stored.response.fields.add("Cache-Control", cache_control);
  stored.times = kTimes;
  return stored;
}

TEST_CASE("may_store: by status and directives, as a private cache (RFC 9111 section 3)") {
  const Fields lifetime{{"Cache-Control", "max-age=60"}}, none;
  const struct {
    int status;
    Fields fields;
    bool want;
  } rows[] = {
      {200, none, true},
      {204, none, true},
      {404, none, true},
      {308, none, true},
      {201, none, false},
      {302, none, false},
      {403, none, false},
      {503, none, false},
      {599, none, false},
      {201, lifetime, true},
      {299, lifetime, true},
      {302, lifetime, true},
      {503, lifetime, true},
      {599, lifetime, true},
      {302, {{"Expires", "0"}}, true},
      {302, {{"Cache-Control", "public"}}, true},
      {302, {{"Cache-Control", "private"}}, true},
      {302, {{"Cache-Control", "s-maxage=60"}}, false},
      {200, {{"Cache-Control", "private, max-age=60"}}, true},
      {200, {{"Cache-Control", "no-cache"}}, true},
      {200, {{"Cache-Control", "No-StOrE"}}, false},
      {200, {{"Cache-Control", "max-age=60, no-store"}, {"Expires", "x"}}, false},
      {200, {{"Cache-Control", "max-age=60, no-store, must-understand"}}, true},  // section 5.2.2.3
      {599, {{"Cache-Control", "max-age=60, no-store, must-understand"}}, false},
      {599, {{"Cache-Control", "max-age=60, must-understand"}}, false},
      {200, {{"Pragma", "no-cache"}}, true},
      {200, {{"CDN-Cache-Control", "no-store"}}, true},
      {103, lifetime, false},
      {304, lifetime, false},
      {412, lifetime, false},
      {416, lifetime, false},
      {206, lifetime, false},
      {600, lifetime, false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.status);
    CAPTURE(&row - rows);
    CHECK(may_store({"GET", "", {}}, {row.status, row.fields}) == row.want);
  }
}

TEST_CASE("may_store: by the request (RFC 9111 section 3, 3.3, 3.5, 5.2.1.5)") {
  const Response good{200, {{"Cache-Control", "max-age=60"}}};
  CHECK(may_store({"GET", "", {{"Authorization", "Basic eA=="}, {"Cookie", "a=b"}}}, good));
  CHECK_FALSE(may_store({"GET", "", {{"Cache-Control", "no-store"}}}, good));
  CHECK_FALSE(may_store({"HEAD", "", {}}, good));
  CHECK_FALSE(may_store({"PUT", "", {}}, good));
  CHECK_FALSE(may_store({"get", "", {}}, good));
  CHECK(may_store({"POST", "", {}}, good));
  CHECK_FALSE(may_store({"POST", "", {}}, {200, {}}));
  CHECK_FALSE(may_store({"POST", "", {}}, {201, good.fields}));

  const Request part{"GET", "", {{"Range", "bytes=-5"}}};
  CHECK(may_store(part, {206, {{"Content-Range", "bytes 5-9/10"}}}));
  CHECK_FALSE(may_store(part, {206, {}}));
  CHECK_FALSE(may_store(part, {206, {{"Content-Range", "lines 5-9/10"}}}));
  CHECK_FALSE(may_store({"GET", "", {}}, {206, {{"Content-Range", "bytes 5-9/10"}}}));
}

TEST_CASE("freshness_lifetime: max-age, else Expires minus Date, else a heuristic (RFC 9111 section 4.2.1)") {
  const struct {
    Fields fields;
    Seconds want;
  } rows[] = {
      {{{"Cache-Control", "max-age=60"}}, 60s},
      {{{"Cache-Control", "max-age=60"}, {"Expires", at(-10s)}, {"Date", at(0s)}}, 60s},  // section 5.3
      {{{"Cache-Control", "max-age=60"}, {"Expires", "0"}}, 60s},
      {{{"Cache-Control", "max-age=0"}, {"Expires", at(60s)}, {"Date", at(0s)}}, 0s},
      {{{"Cache-Control", "max-age=x"}, {"Expires", at(60s)}}, 0s},
      {{{"Cache-Control", "s-maxage=60"}}, 0s},
      {{{"Cache-Control", "s-maxage=1"}, {"Expires", at(60s)}}, 60s},
      {{{"Expires", at(60s)}, {"Date", at(0s)}}, 60s},
      {{{"Expires", at(60s)}, {"Date", at(-10s)}}, 70s},
      {{{"Expires", at(300s)}, {"Date", at(400s)}}, 0s},
      {{{"Expires", at(-60s)}, {"Date", at(0s)}}, 0s},
      {{{"Expires", at(0s)}, {"Date", at(0s)}}, 0s},
      {{{"Expires", at(10s)}, {"Date", "foo"}}, 10s},
      {{{"Expires", at(10s)}}, 10s},
      {{{"Expires", "0"}, {"Date", at(0s)}}, 0s},
      {{{"Expires", "0"}, {"Last-Modified", at(-1000s)}}, 0s},  // an invalid Expires is in the past
      {{{"Expires", at(60s)}, {"Expires", at(90s)}}, 60s},
      {{{"Expires", "x"}, {"Expires", at(90s)}}, 0s},
      {{{"Expires", at(60s) + ", " + at(60s)}}, 0s},
      {{}, 0s},
      {{{"Last-Modified", at(-1000s)}, {"Date", at(0s)}}, 100s},  // section 4.2.2
      {{{"Last-Modified", at(-1000s)}}, 100s},
      {{{"Last-Modified", at(-100h)}}, 10h},
      {{{"Last-Modified", at(-10000h)}}, 24h},
      {{{"Last-Modified", at(100s)}}, 0s},
      {{{"Last-Modified", "x"}}, 0s},
      {{{"Last-Modified", at(-1000s)}, {"Pragma", "no-cache"}}, 100s},
  };
  for (const auto& row : rows) {
    CAPTURE(&row - rows);
    CHECK(freshness_lifetime({200, row.fields}, kTimes, true) == row.want);
  }
}

TEST_CASE(
    "freshness_lifetime: heuristic only if the status allows it, or with public (RFC 9111 section 4.2.2)") {
  const Fields modified{{"Last-Modified", at(-1000s)}};
  for (const int status : {200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501})
    CHECK(freshness_lifetime({status, modified}, kTimes, true) == 100s);
  for (const int status : {201, 202, 302, 303, 307, 400, 403, 500, 502, 503, 504, 599})
    CHECK(freshness_lifetime({status, modified}, kTimes, true) == 0s);
  CHECK(freshness_lifetime({599, {{"Last-Modified", at(-1000s)}, {"Cache-Control", "public"}}}, kTimes,
                           true) == 100s);
  CHECK(freshness_lifetime({200, modified}, kTimes, false) == 0s);
}

TEST_CASE("current_age: the larger of apparent age and Age, plus the time since (RFC 9111 section 4.2.3)") {
  const Times slow{kCame - 4s, kCame};
  const struct {
    Fields fields;
    Times times;
    Seconds want;
  } rows[] = {
      {{}, kTimes, 10s},
      {{{"Date", at(0s)}}, kTimes, 10s},
      {{{"Date", at(-7200s)}}, kTimes, 7210s},
      {{{"Date", at(50s)}}, kTimes, 10s},
      {{{"Age", "30"}}, kTimes, 40s},
      {{{"Age", "30"}, {"Date", at(-20s)}}, kTimes, 40s},
      {{{"Age", "30"}, {"Date", at(-50s)}}, kTimes, 60s},
      {{{"Age", "30"}}, slow, 44s},
      {{}, slow, 14s},
      {{}, {kCame + 5s, kCame}, 10s},
      {{{"Age", "2147483648"}}, kTimes, kLongest + 10s},
      {{{"Age", "7200, 0"}}, kTimes, 7210s},  // section 5.1: only the first one counts
      {{{"Age", "0, 7200"}}, kTimes, 10s},
      {{{"Age", "7200"}, {"Age", "0"}}, kTimes, 7210s},
      {{{"Age", "0"}, {"Age", "7200"}}, kTimes, 10s},
      {{{"Age", "abc"}}, kTimes, 10s},
      {{{"Age", "-7200"}}, kTimes, 10s},
      {{{"Age", "7200.0"}}, kTimes, 10s},
      {{{"Age", ""}}, kTimes, 10s},
  };
  for (const auto& row : rows) {
    CAPTURE(&row - rows);
    CHECK(current_age({200, row.fields}, row.times, kCame + 10s) == row.want);
  }
  CHECK(current_age({200, {}}, kTimes, kCame - 10s) == 0s);
}

TEST_CASE("staleness: fresh while the lifetime exceeds the age, unknown if the clock was set back") {
  CHECK(staleness(entry("max-age=60"), true, kCame + 59s) == -1s);
  CHECK(staleness(entry("max-age=60"), true, kCame + 60s) == 0s);
  CHECK(staleness(entry("max-age=3600"), true, kCame - 60s) == -3600s);
  CHECK(staleness(entry("max-age=3600"), true, kCame - 61s) == Seconds::max());
}

TEST_CASE("date_of: the arrival time if Date is missing or invalid (RFC 9110 section 6.6.1)") {
  const Times times{kCame - 10s, kCame};
  CHECK(date_of({200, {{"Date", at(-30s)}}}, times) == kCame - 30s);
  CHECK(date_of({200, {}}, times) == kCame);
  CHECK(date_of({200, {{"Date", "foo"}}}, times) == kCame);
}

}  // namespace
}  // namespace iso::http_cache
