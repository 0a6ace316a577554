#include "breaker/circuit.h"

#include <algorithm>
#include <fmt/core.h>

#include "base/integer.h"

namespace iso::breaker {
namespace {

using std::chrono::milliseconds;

constexpr int kParts = 10;
constexpr milliseconds kUnevenClock{
    1'000};  // tolerance, since another process may have stored a later time than the one read here
constexpr std::chrono::seconds kLongestRetryAfter{86'400};

std::int64_t start_of_part(Clock::Wall now, milliseconds window) {
  const std::int64_t length = std::max<std::int64_t>(window.count() / kParts, 1);
  return now.time_since_epoch().count() / length * length;
}

milliseconds cool_down(const Circuit& circuit, const CallResult& result, const BreakerOptions& options,
                       double random) {
  auto time = options.first_open;
  for (unsigned i = 1; i < circuit.opens && time < options.longest_open; ++i) time *= 2;
  time = std::min(time, options.longest_open);
  time =
      milliseconds(static_cast<milliseconds::rep>(static_cast<double>(time.count()) * (0.8 + 0.4 * random)));
  return std::max<milliseconds>(
      time, std::min(result.retry_after.value_or(std::chrono::seconds(0)), kLongestRetryAfter));
}

void enter(Circuit& circuit, Phase phase, Clock::Wall now, Clock::Wall until) {
  circuit.phase = phase;
  circuit.since = now;
  circuit.until = until;
  ++circuit.generation;
}

bool must_open(const Circuit& circuit, const BreakerOptions& options, Clock::Wall now) {
  if (circuit.failures_in_a_row >= options.failures_in_a_row) return true;
  const auto calls = circuit.recent.within(now, options.window);
  return calls.all() >= options.least_calls &&
         static_cast<double>(calls.failed) >= options.failure_rate * static_cast<double>(calls.all());
}

}  // namespace

void RecentCalls::add(const Counts& calls, Clock::Wall now, milliseconds window) {
  const std::int64_t start = start_of_part(now, window);
  const std::int64_t oldest = start_of_part(now - window, window);
  std::erase_if(parts_, [&](const Part& part) { return part.start < oldest || part.start > start; });
  if (parts_.empty() || parts_.back().start != start) parts_.push_back({start, {}});
  parts_.back().counts.succeeded += calls.succeeded;
  parts_.back().counts.failed += calls.failed;
}

RecentCalls::Counts RecentCalls::within(Clock::Wall now, milliseconds window) const {
  Counts counts;
  for (const Part& part : parts_) {
    if (part.start <= (now - window).time_since_epoch().count() ||
        part.start > now.time_since_epoch().count())
      continue;
    counts.succeeded += part.counts.succeeded;
    counts.failed += part.counts.failed;
  }
  return counts;
}

std::string RecentCalls::text() const {
  std::string out;
  for (const Part& part : parts_)
    out += fmt::format("{}{}:{}:{}", out.empty() ? "" : " ", part.start, part.counts.succeeded,
                       part.counts.failed);
  return out;
}

RecentCalls RecentCalls::parse(std::string_view text) {
  RecentCalls calls;
  const auto take = [&text](auto& value, char after) {
    const auto number = take_integer<std::remove_reference_t<decltype(value)>>(text);
    if (!number || (text.empty() ? after != ' ' : text.front() != after)) return false;
    value = *number;
    text.remove_prefix(std::min<std::size_t>(text.size(), 1));
    return true;
  };
  while (!text.empty()) {
    Part part{};
    if (!take(part.start, ':') || !take(part.counts.succeeded, ':') || !take(part.counts.failed, ' ')) break;
    calls.parts_.push_back(part);
  }
  return calls;
}

Decision decide(const Circuit& circuit, Clock::Wall now, bool probe_owner_alive) {
  const bool over = now >= circuit.until || now + kUnevenClock < circuit.since;
  switch (circuit.phase) {
    case Phase::closed:
      return Decision::allow;
    case Phase::open:
      return over ? Decision::probe : Decision::reject;
    case Phase::half_open:
      return over || !probe_owner_alive ? Decision::probe : Decision::reject;
  }
  return Decision::allow;
}

void begin_probe(Circuit& circuit, Clock::Wall now, milliseconds lease) {
  enter(circuit, Phase::half_open, now, now + lease);
}

bool end_call(Circuit& circuit, const CallResult& result, const BreakerOptions& options, Clock::Wall now,
              double random) {
  const bool probe = circuit.phase == Phase::half_open;
  if (result.end == CallEnd::neutral) {
    if (probe)
      enter(circuit, Phase::open, now,
            now + std::min(result.retry_after.value_or(std::chrono::seconds(0)), kLongestRetryAfter));
    return probe;
  }
  if (result.end == CallEnd::success) {
    if (probe)
      close_circuit(circuit, now);
    else
      add_successes(circuit, 1, options, now);
    return probe;
  }
  circuit.reason = result.reason;
  ++circuit.failures_in_a_row;
  circuit.recent.add({0, 1}, now, options.window);
  if (!probe && !must_open(circuit, options, now)) return false;
  ++circuit.opens;
  enter(circuit, Phase::open, now, now + cool_down(circuit, result, options, random));
  return true;
}

void add_successes(Circuit& circuit, std::uint64_t count, const BreakerOptions& options, Clock::Wall now) {
  circuit.failures_in_a_row = 0;
  circuit.recent.add({count, 0}, now, options.window);
}

void open_circuit(Circuit& circuit, std::string_view reason, Clock::Wall now, Clock::Wall until) {
  circuit.reason = reason;
  ++circuit.opens;
  enter(circuit, Phase::open, now, until);
}

void close_circuit(Circuit& circuit, Clock::Wall now) {
  circuit.opens = 0;
  circuit.failures_in_a_row = 0;
  circuit.recent.clear();
  circuit.reason.clear();
  enter(circuit, Phase::closed, now, {});
}

}  // namespace iso::breaker
