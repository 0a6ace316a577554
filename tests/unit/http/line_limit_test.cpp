#include "http/line_limit.h"

#include <doctest/doctest.h>

using namespace iso::http;

TEST_CASE("LineLimit: an origin has a bounded number of running exchanges, independent of other origins") {
  LineLimit limit;
  for (std::size_t n = 0; n < LineLimit::kMost; ++n) {
    REQUIRE(limit.may_begin("a"));
    limit.begin("a");
  }
  CHECK_FALSE(limit.may_begin("a"));
  CHECK(limit.may_begin("b"));
  limit.end("a", 0);
  CHECK(limit.may_begin("a"));
}

TEST_CASE(
    "LineLimit: while a connection is shared no other is opened, and the number of exchanges is not "
    "limited") {
  LineLimit limit;
  for (int n = 0; n < 3; ++n) limit.begin("a");
  limit.connect("a", 1001);
  CHECK(limit.may_open("a"));  // one exchange on each
  limit.connect("a", 1002);
  CHECK(limit.may_open("a"));
  limit.connect("a", 1001);
  CHECK_FALSE(limit.may_open("a"));
  CHECK(limit.may_open("b"));
  for (std::size_t n = 0; n < 2 * LineLimit::kMost; ++n) limit.begin("a");
  CHECK(limit.may_begin("a"));
}

TEST_CASE("LineLimit: a connection without exchanges does not prevent a new one") {
  LineLimit limit;
  for (int n = 0; n < 3; ++n) limit.begin("a");
  limit.connect("a", 1001);
  limit.connect("a", 1001);
  limit.end("a", 1001);
  CHECK_FALSE(limit.may_open("a"));
  limit.end("a", 1001);
  CHECK(limit.may_open("a"));  // the third connection is the only one
  limit.end("a", 0);
  limit.begin("a");
  limit.connect("a", 1003);
  CHECK(limit.may_open("a"));
}

TEST_CASE("LineLimit: a connection that exchanges use one after the other is not shared") {
  LineLimit limit;
  limit.begin("a");
  for (int n = 0; n < 3; ++n) {
    limit.begin("a");
    limit.connect("a", 1001);
    limit.end("a", 1001);
  }
  CHECK(limit.may_open("a"));
}
