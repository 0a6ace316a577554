#include "cli/shared/alerts.h"

#include <algorithm>
#include <fmt/core.h>

#include "base/error.h"
#include "base/words.h"

namespace iso::cli {
namespace {

constexpr std::chrono::milliseconds kTimeToFinish{5'000};

}  // namespace

Alerts::Alerts(const std::string& command, const Environment& environment, Report& report)
    : environment_(environment), report_(report) {
  if (!command.empty()) command_ = split_words(command);
}

Alerts::~Alerts() {
  const auto limit = system_clock().steady() + kTimeToFinish;
  for (handlers::Child& child : running_) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(limit - system_clock().steady());
    if (!child.wait(std::max(left, std::chrono::milliseconds(0))))
      report_.warning("the --on-trip command took too long and was killed");
  }
}

void Alerts::run(const breaker::Trip& trip) {
  if (command_.empty()) return;
  std::erase_if(running_, [](handlers::Child& child) { return child.wait(std::chrono::milliseconds(0)); });
  auto variables = environment_.all();
  std::erase_if(variables, [](const std::string& entry) { return entry.starts_with("ISO_BREAKER_"); });
  variables.push_back("ISO_BREAKER_CIRCUIT=" + trip.key);
  variables.push_back("ISO_BREAKER_REASON=" + trip.reason);
  variables.push_back(fmt::format("ISO_BREAKER_OPEN_MS={}", trip.open_for.count()));
  variables.push_back(fmt::format("ISO_BREAKER_CALLS={}", trip.calls.all()));
  variables.push_back(fmt::format("ISO_BREAKER_FAILED={}", trip.calls.failed));
  variables.push_back(fmt::format("ISO_BREAKER_FAILED_IN_A_ROW={}", trip.failures_in_a_row));
  try {
    handlers::Child& child =
        running_.emplace_back(command_, std::move(variables), handlers::Child::Prints::to_stderr);
    child.input = Descriptor();
  } catch (const Error& error) {
    report_.warning(fmt::format("--on-trip: {}", error.what()));
  }
}

}  // namespace iso::cli
