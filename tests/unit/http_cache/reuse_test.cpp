#include "http_cache/reuse.h"

#include <doctest/doctest.h>

namespace iso::http_cache {
namespace {

using namespace http;

using namespace std::chrono_literals;

constexpr Seconds kCame{1'790'000'000};
constexpr Times kTimes{kCame, kCame};
constexpr CachePolicy kPlain;

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

CacheControl asking(const std::string& line) {
  return request_control({{"Cache-Control", line}});
}

TEST_CASE(
    "may_use: combines the response, the request and the user's options (RFC 9111 section 4.2.4, 5.2)") {
  const struct {
    const char *response, *request;
    Seconds later;
    Usability want;
  } rows[] = {
      {"max-age=60", "", 59s, Usability::as_it_is},
      {"max-age=60", "", 60s, Usability::no},
      {"max-age=60, no-cache", "", 0s, Usability::no},  // section 5.2.2.4
      {"max-age=60, no-cache=\"a\"", "", 0s, Usability::as_it_is},
      {"max-age=60, no-cache", "max-stale", 0s, Usability::no},
      {"max-age=60, must-revalidate", "", 59s, Usability::as_it_is},  // section 5.2.2.2
      {"max-age=60, must-revalidate", "max-stale=100", 60s, Usability::no},
      {"max-age=60, proxy-revalidate", "max-stale=100", 60s, Usability::as_it_is},
      {"max-age=60", "max-age=0", 0s, Usability::no},  // section 5.2.1.1
      {"max-age=60", "max-age=1", 3s, Usability::no},
      {"max-age=60", "max-age=3", 3s, Usability::as_it_is},
      {"max-age=60", "max-age=100", 70s, Usability::no},
      {"max-age=60", "max-age=100, max-stale=10", 70s, Usability::as_it_is},
      {"max-age=60", "max-stale=10", 70s, Usability::as_it_is},  // section 5.2.1.2
      {"max-age=60", "max-stale=10", 71s, Usability::no},
      {"max-age=60", "max-stale", 7000s, Usability::as_it_is},
      {"max-age=60", "max-stale=x", 60s, Usability::no},
      {"max-age=60", "min-fresh=50", 10s, Usability::as_it_is},  // section 5.2.1.3
      {"max-age=60", "min-fresh=51", 10s, Usability::no},
      {"max-age=60", "min-fresh=x", 0s, Usability::no},
      {"max-age=60", "no-cache", 0s, Usability::no},  // section 5.2.1.4
      {"max-age=60", "no-store", 0s, Usability::no},
      {"max-age=60", "only-if-cached", 59s, Usability::as_it_is},  // section 5.2.1.7
      {"max-age=60", "only-if-cached", 60s, Usability::no},
      {"max-age=60", "only-if-cached, no-store", 0s, Usability::as_it_is},
      {"max-age=60, immutable", "max-age=0", 0s, Usability::as_it_is},  // RFC 8246
      {"max-age=60, immutable", "max-age=0", 60s, Usability::no},
      {"max-age=60, immutable", "no-cache", 0s, Usability::no},
      {"max-age=60, immutable", "", 60s, Usability::no},
      {"max-age=1, stale-while-revalidate=4", "", 5s, Usability::then_validate},  // RFC 5861 section 3
      {"max-age=1, stale-while-revalidate=4", "", 6s, Usability::no},
      {"max-age=1, stale-while-revalidate=4", "max-age=9", 5s, Usability::no},
      {"max-age=1, stale-while-revalidate=4", "min-fresh=0", 5s, Usability::no},
      {"max-age=1, stale-while-revalidate=4", "only-if-cached", 5s, Usability::as_it_is},
      {"max-age=1, stale-while-revalidate=4, must-revalidate", "", 5s, Usability::no},
      {"max-age=1, stale-while-revalidate=4, no-cache", "", 0s, Usability::no},
      {"max-age=1, stale-if-error=60", "", 5s, Usability::no},
  };
  for (const auto& row : rows) {
    CAPTURE(row.response);
    CAPTURE(row.request);
    CAPTURE(row.later.count());
    CHECK(may_use(entry(row.response), asking(row.request), kPlain, kCame + row.later) == row.want);
  }
}

TEST_CASE("may_use: obeys the user's options") {
  CachePolicy refresh, offline, lax, offline_lax, exact;
  refresh.refresh = true;
  offline.offline = true;
  lax.max_stale = 10s;
  offline_lax.offline = true;
  offline_lax.max_stale = 10s;
  exact.heuristic = false;
  const struct {
    const char* response;
    const CachePolicy& reuse;
    Seconds later;
    Usability want;
  } rows[] = {
      {"max-age=60", refresh, 0s, Usability::no},
      {"max-age=60, immutable", refresh, 0s, Usability::no},
      {"max-age=60", offline, 5000s, Usability::as_it_is},
      {"max-age=60, must-revalidate", offline, 59s, Usability::as_it_is},
      {"max-age=60, must-revalidate", offline, 60s, Usability::no},
      {"max-age=60, no-cache", offline, 0s, Usability::no},
      {"max-age=60", lax, 70s, Usability::as_it_is},
      {"max-age=60", lax, 71s, Usability::no},
      {"max-age=60, must-revalidate", lax, 60s, Usability::no},
      {"max-age=60", offline_lax, 70s, Usability::as_it_is},
      {"max-age=60", offline_lax, 71s, Usability::no},
  };
  for (const auto& row : rows) {
    CAPTURE(&row - rows);
    CHECK(may_use(entry(row.response), {}, row.reuse, kCame + row.later) == row.want);
  }
  const auto guessed = entry("", {{"Last-Modified", at(-1000s)}});
  CHECK(may_use(guessed, {}, kPlain, kCame + 99s) == Usability::as_it_is);
  CHECK(may_use(guessed, {}, exact, kCame) == Usability::no);
}

TEST_CASE(
    "may_use_after_error: only if the origin or the user allows stale (RFC 9111 section 4.2.4, RFC 5861)") {
  const struct {
    const char *response, *request;
    Seconds later;
    bool want;
  } rows[] = {
      {"max-age=60", "", 60s, false},
      {"max-age=60, stale-if-error=10", "", 70s, true},
      {"max-age=60, stale-if-error=10", "", 71s, false},
      {"max-age=60, stale-if-error=0", "", 60s, true},
      {"max-age=60", "stale-if-error=10", 70s, true},
      {"max-age=60", "stale-if-error=10", 71s, false},
      {"max-age=60", "max-stale=10", 70s, true},
      {"max-age=60, stale-if-error=10, must-revalidate", "", 60s, false},
      {"max-age=60, stale-if-error=10, no-cache", "", 60s, false},
      {"max-age=60, stale-if-error=10", "no-cache", 60s, false},
      {"max-age=60, stale-if-error=10", "max-age=0", 60s, false},
      {"max-age=60, stale-if-error=10", "max-age=0, stale-if-error=10", 60s, true},
  };
  for (const auto& row : rows) {
    CAPTURE(row.response);
    CAPTURE(row.request);
    CHECK(may_use_after_error(entry(row.response), asking(row.request), kPlain, kCame + row.later) ==
          row.want);
  }
  CachePolicy refresh, lax;
  refresh.refresh = true;
  lax.max_stale = 10s;
  CHECK_FALSE(may_use_after_error(entry("max-age=60, stale-if-error=10"), {}, refresh, kCame + 60s));
  CHECK(may_use_after_error(entry("max-age=60"), {}, lax, kCame + 70s));
  CHECK_FALSE(may_use_after_error(entry("max-age=60"), {}, lax, kCame + 71s));
  CHECK_FALSE(may_use_after_error(entry("max-age=60, stale-if-error=10"), {}, kPlain, kCame - 1h));
}

}  // namespace
}  // namespace iso::http_cache
