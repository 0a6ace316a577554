#include "pump/stream_offset.h"

#include <doctest/doctest.h>

#include "support/errors.h"

using namespace iso;
using From = StreamOffset::From;

TEST_CASE("read_offset: words, numbers, times, and durations before now in whole seconds") {
  const std::chrono::milliseconds now(1'700'000'000'999);
  const struct {
    const char* text;
    StreamOffset offset;
  } rows[] = {{"first", {From::first, 0}},
              {"last", {From::last, 0}},
              {"next", {From::next, 0}},
              {"0", {From::number, 0}},
              {"18446744073709551615", {From::number, UINT64_MAX}},
              {"1h", {From::time, 1'699'996'400}},
              {"1500ms", {From::time, 1'699'999'999}},
              {"30000d", {From::time, 0}},
              {"2023-11-14T22:13:20Z", {From::time, 1'700'000'000}}};
  for (const auto& row : rows) {
    CAPTURE(row.text);
    CHECK(read_offset(row.text, now) == row.offset);
  }
}

TEST_CASE("read_offset: what is none is refused, with the word that was meant") {
  for (const auto* bad : {"", "-1", "1x", "18446744073709551616", "now", "2023-11-14", "1.5.2s"}) {
    CAPTURE(bad);
    CHECK(test::error_of([&] { read_offset(bad, {}); }).kind() == ErrorKind::usage);
  }
  CHECK(test::says(test::error_of([] { read_offset("frist", {}); }), "did you mean first?"));
}
