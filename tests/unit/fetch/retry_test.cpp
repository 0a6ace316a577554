#include "fetch/retry.h"

#include <doctest/doctest.h>

namespace iso::fetch {
namespace {

using namespace http;
using namespace std::chrono_literals;

constexpr Seconds kNow{1'790'000'000};

TEST_CASE("is_passing: transient statuses and no others") {
  for (const int status : {408, 425, 429, 502, 503, 504}) CHECK(is_passing(status));
  for (const int status : {0, 200, 304, 400, 401, 403, 404, 409, 410, 500, 501, 505, 599})
    CHECK_FALSE(is_passing(status));
}

TEST_CASE("retry_after: seconds or a date (RFC 9110 section 10.2.3)") {
  const struct {
    std::string value;
    std::optional<Seconds> want;
  } rows[] = {
      {"120", 120s},
      {" 120 ", 120s},
      {"0", 0s},
      {"99999999999999999999", kLongest},
      {http_date(kNow + 90s), 90s},
      {http_date(kNow - 90s), 0s},
      {"Fri, 31 Dec 9999 23:59:59 GMT", kLongest},
      {"Monday, 21-Sep-26 14:14:20 GMT", 60s},
      {"-1", std::nullopt},
      {"1.5", std::nullopt},
      {"soon", std::nullopt},
      {"", std::nullopt},
  };
  for (const auto& row : rows) {
    CAPTURE(row.value);
    CHECK(retry_after({{"Retry-After", row.value}}, kNow) == row.want);
  }
  CHECK_FALSE(retry_after({}, kNow));
}

TEST_CASE("retry_delay: jitter, at least what the origin asks for, and at most the time left") {
  const Backoff backoff{100ms, 10s};
  const struct {
    unsigned failures;
    double random;
    std::optional<Seconds> asked;
    std::chrono::milliseconds patience;
    std::optional<std::chrono::milliseconds> want;
  } rows[] = {
      {1, 0, std::nullopt, 1min, 0ms},
      {3, 0.5, std::nullopt, 1min, 200ms},
      {1, 1, 2s, 1min, 2000ms},
      {7, 1, 2s, 1min, 6400ms},
      {7, 1, 2s, 5s, 5000ms},
      {1, 1, 60s, 1min, 60'000ms},
      {1, 1, 61s, 1min, std::nullopt},
      {1, 1, kLongest, 1min, std::nullopt},
      {1, 1, 0s, 0ms, 0ms},
  };
  for (const auto& row : rows) {
    CAPTURE(&row - rows);
    CHECK(retry_delay(backoff, row.failures, row.random, row.asked, row.patience) == row.want);
  }
}

}  // namespace
}  // namespace iso::fetch
