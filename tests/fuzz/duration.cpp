// A duration is within its bounds, and reads the same in milliseconds.
#include "base/duration.h"

#include <string>

#include "base/error.h"
#include "require.h"

using namespace iso;
using fuzz::require;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  try {
    const auto duration = parse_duration(text);
    require(duration.count() >= 0 && duration <= std::chrono::hours(24 * 365 * 1000), "it is within bounds",
            text);
    require(text.find_first_of("0123456789") != text.npos, "a duration has a digit", text);
    require(parse_duration(std::to_string(duration.count()) + "ms") == duration, "milliseconds say it all",
            text);
  } catch (const Error& error) {
    require(error.kind() == ErrorKind::usage, "a bad duration is a fault of usage", error.what());
  }
  return 0;
}
