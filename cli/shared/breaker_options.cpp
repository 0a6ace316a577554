#include "cli/shared/breaker_options.h"

#include <CLI/CLI.hpp>

namespace iso::cli {
namespace {

constexpr std::chrono::seconds kBeyondCall{2};  // a trial is not over when its call's time is up

breaker::BreakerHooks hooks_of(Report& report, Alerts& alerts) {
  return {[&report](std::string_view text) { report.note(text); },
          [&alerts](const breaker::Trip& trip) { alerts.run(trip); }};
}

breaker::BreakerOptions options_of(std::chrono::milliseconds longest_call) {
  breaker::BreakerOptions options;
  options.lease = longest_call + kBeyondCall;
  return options;
}

}  // namespace

void add_breaker_options(CLI::App& app, BreakerFlags& flags, const std::string& what) {
  app.add_option("--breaker", flags.name, "Guard " + what + " with the circuit breaker called NAME")
      ->type_name("NAME");
  add_on_trip_option(app, flags, "With --breaker: run CMD when a circuit opens")->needs("--breaker");
}

CLI::Option* add_on_trip_option(CLI::App& app, BreakerFlags& flags, const std::string& help) {
  return app.add_option("--on-trip", flags.on_trip, help)->type_name("CMD");
}

CommandBreaker::CommandBreaker(const BreakerFlags& flags, const Environment& environment, Report& report,
                               std::chrono::milliseconds longest_call)
    : alerts_(flags.on_trip, environment, report),
      breaker_(environment.cache_folder() + "/breaker.db", options_of(longest_call),
               hooks_of(report, alerts_)) {}

std::unique_ptr<CommandBreaker> open_breaker(const BreakerFlags& flags, const Environment& environment,
                                             Report& report, std::chrono::milliseconds longest_call) {
  if (flags.name.empty()) return nullptr;
  return std::make_unique<CommandBreaker>(flags, environment, report, longest_call);
}

CircuitOptions circuit_options(const BreakerFlags& flags, const std::unique_ptr<CommandBreaker>& breaker) {
  return breaker ? CircuitOptions{&breaker->breaker(), flags.name} : CircuitOptions{};
}

}  // namespace iso::cli
