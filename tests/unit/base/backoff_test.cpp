#include "base/backoff.h"

#include <doctest/doctest.h>

using namespace iso;
using namespace std::chrono_literals;

TEST_CASE("backoff_delay: doubles up to the longest, and takes off at most half") {
  const Backoff backoff{100ms, 1s};
  const struct {
    unsigned failures;
    double random;
    std::chrono::milliseconds want;
  } rows[] = {{1, 0, 100ms}, {2, 0, 200ms},   {3, 0, 400ms},      {4, 0, 800ms}, {5, 0, 1s},
              {1, 1, 50ms},  {3, 0.5, 300ms}, {4'000'000, 0, 1s}, {5, 1, 500ms}, {0, 0, 100ms}};
  for (const auto& row : rows) {
    CAPTURE(row.failures);
    CAPTURE(row.random);
    CHECK(backoff_delay(backoff, row.failures, row.random) == row.want);
  }
}

TEST_CASE("full_jitter_delay: anything from nothing to what the failures have doubled it to") {
  const Backoff backoff{100ms, 1s};
  const struct {
    unsigned failures;
    double random;
    std::chrono::milliseconds want;
  } rows[] = {{1, 0, 0ms},   {1, 1, 100ms}, {1, 0.5, 50ms},   {3, 0.5, 200ms},
              {4, 1, 800ms}, {5, 1, 1s},    {5, 0.25, 250ms}, {4'000'000, 1, 1s},
              {0, 1, 100ms}, {1, -1, 0ms},  {1, 2, 100ms}};
  for (const auto& row : rows) {
    CAPTURE(row.failures);
    CAPTURE(row.random);
    CHECK(full_jitter_delay(backoff, row.failures, row.random) == row.want);
  }
}
