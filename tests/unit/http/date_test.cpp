#include "http/date.h"

#include <doctest/doctest.h>

namespace iso::http {
namespace {

constexpr Seconds kNow{1'790'000'000};  // 2026-09-21

TEST_CASE("read_http_date: reads one time in the three forms of RFC 9110 section 5.6.7") {
  for (const char* text : {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
                           "Sun Nov  6 08:49:37 1994", " Sun, 06 Nov 1994 08:49:37 GMT "}) {
    CAPTURE(text);
    CHECK(read_http_date(text, kNow) == Seconds{784'111'777});
  }
}

TEST_CASE("read_http_date: names and GMT are case-insensitive (RFC 9111 section 4.2)") {
  for (const char* text :
       {"THU, 18 Aug 2050 02:01:18 GMT", "Thu, 18 AUG 2050 02:01:18 GMT", "thu, 18 aug 2050 02:01:18 gMT"}) {
    CAPTURE(text);
    CHECK(read_http_date(text, kNow) == Seconds{2'544'400'878});
  }
}

TEST_CASE("read_http_date: any other form is invalid (RFC 9111 section 5.3)") {
  for (const char* text : {"",
                           "0",
                           "-1",
                           "soon",
                           "Thu, 18 Aug 2050 02:01:18 UTC",
                           "Thu, 18 Aug 2050 02:01:18 AEST",
                           "Thu, 18 Aug 2050 02:01:18 +0000",
                           "Thu, 18 Aug 2050 02:01:18",
                           "Thu, 18 Aug 50 02:01:18 GMT",
                           "Thu 18 Aug 2050 02:01:18 GMT",
                           "Thu, 18  Aug  2050 02:01:18 GMT",
                           "Thu, 18-Aug-2050 02:01:18 GMT",
                           "Thu, 18 Aug 2050 02.01.18 GMT",
                           "Thu, 18 Aug 2050 2:01:18 GMT",
                           "Thu, 8 Aug 2050 02:01:18 GMT",
                           "Thu, 31 Feb 2050 02:01:18 GMT",
                           "Thu, 00 Feb 2050 02:01:18 GMT",
                           "Thu, 18 Aug 2050 24:01:18 GMT",
                           "Thu, 18 Aug 2050 02:60:18 GMT",
                           "Thu, 18 Aug 2050 02:01:61 GMT",
                           "Thu, 18 Aug 2050 02:01:18 GMT x",
                           "Xxx, 18 Aug 2050 02:01:18 GMT",
                           "Thu, 18 Xxx 2050 02:01:18 GMT",
                           "Thu, +8 Aug 2050 02:01:18 GMT",
                           "Thu, 18-Aug-50 02:01:18 GMT",
                           "Thursday, 18-Aug-2050 02:01:18 GMT",
                           "Thu Aug 8 02:01:18 2050",
                           "Thu Aug   8 02:01:18 2050",
                           "Thu Aug  8 02:01:18 2050 GMT",
                           "2050-08-18T02:01:18Z"}) {
    CAPTURE(text);
    CHECK_FALSE(read_http_date(text, kNow));
  }
}

TEST_CASE("read_http_date: a two-digit year is at most 50 years in the future (RFC 9110 section 5.6.7)") {
  const struct {
    const char *text, *want;
    Seconds now;
  } rows[] = {
      {"Thursday, 18-Aug-50 02:01:18 GMT", "Thu, 18 Aug 2050 02:01:18 GMT", kNow},
      {"Friday, 18-Sep-76 00:00:00 GMT", "Fri, 18 Sep 2076 00:00:00 GMT", kNow},
      {"Friday, 24-Sep-76 00:00:00 GMT", "Fri, 24 Sep 1976 00:00:00 GMT", kNow},
      {"Tuesday, 01-Jan-80 00:00:00 GMT", "Tue, 01 Jan 1980 00:00:00 GMT", kNow},
      {"Wednesday, 01-Jan-10 00:00:00 GMT", "Wed, 01 Jan 2110 00:00:00 GMT", Seconds{3'800'000'000}},  // 2090
      {"Tuesday, 29-Feb-00 00:00:00 GMT", "Tue, 29 Feb 2000 00:00:00 GMT", Seconds{3'800'000'000}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    const auto time = read_http_date(row.text, row.now);
    REQUIRE(time);
    CHECK(http_date(*time) == row.want);
  }
}

TEST_CASE("read_http_date: reads dates after 2038 and up to the year 9999") {
  CHECK(read_http_date("Tue, 19 Jan 2038 14:14:08 GMT", kNow) == Seconds{2'147'523'248});
  CHECK(read_http_date("Sun, 21 Nov 2286 04:46:39 GMT", kNow) == Seconds{10'000'039'599});
  CHECK(read_http_date("Fri, 31 Dec 9999 23:59:59 GMT", kNow) == Seconds{253'402'300'799});
  CHECK(read_http_date("Wed, 31 Dec 1969 23:59:59 GMT", kNow) == Seconds{-1});
}

TEST_CASE("http_date: read_http_date reads what it writes") {
  CHECK(http_date(Seconds{784'111'777}) == "Sun, 06 Nov 1994 08:49:37 GMT");
  for (const Seconds time : {Seconds{-1}, Seconds{0}, Seconds{951'782'400}, kNow, Seconds{253'402'300'799}})
    CHECK(read_http_date(http_date(time), kNow) == time);
}

TEST_CASE("read_delta_seconds: digits only, capped at 2^31 (RFC 9111 section 1.2.2)") {
  const struct {
    const char* text;
    std::optional<Seconds> want;
  } rows[] = {
      {"0", Seconds{0}},        {"003600", Seconds{3600}}, {"2147483647", Seconds{2'147'483'647}},
      {"2147483648", kLongest}, {"2147483649", kLongest},  {"99999999999999999999999", kLongest},
      {"", std::nullopt},       {"-1", std::nullopt},      {"+1", std::nullopt},
      {"3600.0", std::nullopt}, {"a1", std::nullopt},      {"1a", std::nullopt},
      {"'3600'", std::nullopt}, {" 1", std::nullopt},      {"7200;a=b", std::nullopt},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    CHECK(read_delta_seconds(row.text) == row.want);
  }
}

}  // namespace
}  // namespace iso::http
