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
