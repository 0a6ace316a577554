#include "base/duration.h"

#include <array>
#include <cmath>
#include <fmt/core.h>

#include "base/error.h"
#include "base/real.h"

namespace iso {
namespace {

struct Unit {
  std::string_view name;
  double milliseconds;
};
constexpr std::array kUnits{Unit{"ms", 1},     Unit{"s", 1000},      Unit{"", 1000},
                            Unit{"m", 60'000}, Unit{"h", 3'600'000}, Unit{"d", 86'400'000}};
constexpr double kLongest = 1000.0 * 86'400'000 * 365;  // a thousand years

}  // namespace

std::chrono::milliseconds parse_duration(std::string_view text) {
  double number = 0;
  const auto [rest, error] = read_real(text.substr(0, text.find_first_not_of("-.0123456789")), number);
  const std::string_view unit(rest, static_cast<std::size_t>(text.data() + text.size() - rest));
  for (const Unit& known : kUnits) {
    if (error != std::errc{} || unit != known.name || !(number >= 0)) continue;
    const double length = number * known.milliseconds;
    if (length > kLongest) break;
    return std::chrono::milliseconds(std::llround(length));
  }
  throw Error(ErrorKind::usage, fmt::format("\"{}\" is not a duration: say 250ms, 5s, 1.5m, 2h or 7d", text));
}

std::string duration_text(std::chrono::milliseconds duration) {
  return fmt::format("{}s", static_cast<double>(duration.count()) / 1000);
}

}  // namespace iso
