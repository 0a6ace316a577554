#include "breaker/breaker.h"

#include <algorithm>
#include <fmt/core.h>
#include <random>
#include <utility>

#include "base/error.h"

namespace iso::breaker {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kKeepEvery{50};
constexpr milliseconds kTroubled{
    5'000};  // until the store is tried again; each attempt may wait a quarter of a second for a lock

std::function<double()> or_own(std::function<double()> random) {
  if (random) return random;
  return [engine = std::minstd_rand(std::random_device{}())]() mutable {
    return std::uniform_real_distribution()(engine);
  };
}

// With one decimal below 10 s, otherwise in whole seconds.
std::string seconds_text(milliseconds time) {
  const auto ms = std::max<milliseconds::rep>(time.count(), 0);
  if (ms < 10'000) return fmt::format("{} s", static_cast<double>((ms + 50) / 100) / 10);
  return fmt::format("{} s", (ms + 500) / 1000);
}

}  // namespace

std::string refusal_text(const Admission& refused) {
  return fmt::format("the circuit of {} has been open for {}{}; {}", refused.key,
                     seconds_text(refused.open_for),
                     refused.reason.empty() ? "" : fmt::format(" ({})", refused.reason),
                     refused.again_in ? fmt::format("next trial in {}", seconds_text(*refused.again_in))
                                      : "it stays open until it is reset");
}

Breaker::Breaker(std::string path, const BreakerOptions& options, BreakerHooks hooks, const Clock& clock,
                 std::function<double()> random)
    : path_(std::move(path)),
      options_(options),
      hooks_(std::move(hooks)),
      clock_(clock),
      random_(or_own(std::move(random))) {}

Breaker::~Breaker() {
  hooks_ = {};  // they may refer to destroyed objects
  keep_successes();
}

BreakerStore& Breaker::store() {
  if (!store_) store_.emplace(path_, options_.busy, clock_);
  return *store_;
}

template <class Call>
bool Breaker::unless_troubled(Call call) {
  if (troubled_until_ && clock_.steady() < *troubled_until_) return false;
  try {
    call();
    return true;
  } catch (const Error& error) {
    store_.reset();
    troubled_until_ = clock_.steady() + kTroubled;
    if (!std::exchange(told_of_trouble_, true))
      hooks_.notice(fmt::format("going on without the circuit breaker: {}", error.what()));
    return false;
  }
}

Admission Breaker::admit(std::string_view key) {
  keep_successes_if_due();
  Admission admission = look(key);
  if (admission.decision != Decision::probe) return admission;
  admission = Admission{std::string(key)};
  unless_troubled([&] { admission = try_probe(key); });
  return admission;
}

Admission Breaker::look(std::string_view key) {
  Admission admission{std::string(key)};
  unless_troubled([&] {
    const Circuit circuit = store().read(key);
    const Decision decision = decide(circuit, clock_.wall(), probe_owner_alive(key, circuit));
    if (decision == Decision::reject) admission = refused(key, circuit);
    admission.decision = decision;
    admission.generation = circuit.generation;
  });
  return admission;
}

bool Breaker::probe_owner_alive(std::string_view key, const Circuit& circuit) {
  return circuit.phase == Phase::half_open && store().probe_owner_alive(key, circuit.generation);
}

Admission Breaker::refused(std::string_view key, const Circuit& circuit) const {
  const auto now = clock_.wall();
  Admission refused{std::string(key), Decision::reject, circuit.generation};
  refused.open_for = std::max(now - circuit.since, milliseconds(0));
  if (circuit.until != kUntilReset) refused.again_in = std::max(circuit.until - now, milliseconds(0));
  refused.reason = circuit.reason;
  refused.is_tried = circuit.phase == Phase::half_open;
  return refused;
}

// If several processes find that a probe is due, the first to lock the store makes it.
Admission Breaker::try_probe(std::string_view key) {
  Admission admission{std::string(key)};
  Circuit tried;
  Phase before = Phase::open;
  try {
    store().edit(key, [&](Circuit& circuit, Clock::Wall now) {
      const Decision decision = decide(circuit, now, probe_owner_alive(key, circuit));
      before = circuit.phase;
      if (decision == Decision::probe) begin_probe(circuit, now, options_.lease);
      if (decision == Decision::reject) admission = refused(key, circuit);
      admission.generation = circuit.generation;
      admission.decision = decision;
      if (decision == Decision::probe) store().hold_probe(key, circuit.generation);
      tried = circuit;
      return decision == Decision::probe;
    });
  } catch (const Error&) {
    if (admission.decision == Decision::probe && store_) store_->release_probe(key, admission.generation);
    throw;
  }
  if (admission.decision == Decision::probe) {
    probes_.insert_or_assign(std::string(key), admission.generation);
    tell(key, before, tried);
  }
  return admission;
}

void Breaker::settle(const Admission& admission, const CallResult& result) {
  const auto probe = probes_.find(admission.key);
  const bool is_probe = admission.decision == Decision::probe && probe != probes_.end() &&
                        probe->second == admission.generation;
  if (!admission || admission.generation < 0 || (admission.decision == Decision::probe && !is_probe)) return;
  if (is_probe) {
    probes_.erase(probe);
  } else if (result.end == CallEnd::neutral) {
    return;
  } else if (result.end == CallEnd::success) {
    Successes& successes = successes_[admission.key];
    if (successes.generation != admission.generation) successes = {admission.generation, 0};
    ++successes.count;
    keep_successes_if_due();
    return;
  }
  keep_successes();
  std::optional<Change> change;
  unless_troubled([&] { change = end(admission, result); });
  if (is_probe && store_) store_->release_probe(admission.key, admission.generation);
  if (!change || (is_probe && result.end == CallEnd::neutral)) return;
  tell(admission.key, change->before, change->after);
  if (!is_probe) tell_of_trip(admission.key, change->after);
}

std::optional<Breaker::Change> Breaker::end(const Admission& admission, const CallResult& result) {
  std::optional<Change> change;
  store().edit(admission.key, [&](Circuit& circuit, Clock::Wall now) {
    if (circuit.generation != admission.generation)
      return false;  // too late: the circuit has changed since the call began
    const Phase before = circuit.phase;
    if (end_call(circuit, result, options_, now, random_())) change = Change{before, circuit};
    return true;
  });
  return change;
}

void Breaker::tell_of_trip(std::string_view key, const Circuit& open) {
  hooks_.tripped({std::string(key), open.reason, open.until - open.since, open.failures_in_a_row,
                  open.recent.within(open.since, options_.window)});
}

void Breaker::tell(std::string_view key, Phase before, const Circuit& now) {
  const auto open_for = seconds_text(now.until - now.since);
  switch (now.phase) {
    case Phase::closed:
      hooks_.notice(fmt::format("the circuit of {} is closed again", key));
      break;
    case Phase::half_open:
      hooks_.notice(fmt::format("the circuit of {} is half open: trying one call", key));
      break;
    case Phase::open:
      hooks_.notice(fmt::format("the circuit of {} {} open for {}: {}", key,
                                before == Phase::half_open ? "stays" : "is now", open_for, now.reason));
  }
}

void Breaker::keep_successes_if_due() {
  if (!successes_.empty() && clock_.steady() - kept_ >= kKeepEvery) keep_successes();
}

void Breaker::keep_successes() {
  if (successes_.empty()) return;
  kept_ = clock_.steady();
  for (const auto& [key, successes] : std::exchange(successes_, {}))
    unless_troubled([&, name = std::string_view(key), kept = successes] {
      store().edit(name, [&](Circuit& circuit, Clock::Wall now) {
        if (circuit.generation != kept.generation || circuit.phase != Phase::closed) return false;
        add_successes(circuit, kept.count, options_, now);
        return true;
      });
    });
}

std::vector<NamedCircuit> Breaker::circuits() {
  keep_successes();
  return store().list();
}

void Breaker::trip(std::string_view key, std::string_view reason, std::optional<milliseconds> how_long) {
  store().edit(key, [&](Circuit& circuit, Clock::Wall now) {
    open_circuit(circuit, reason, now, how_long ? now + *how_long : kUntilReset);
    return true;
  });
}

void Breaker::reset(std::string_view key) {
  store().edit(key, [&](Circuit& circuit, Clock::Wall now) {
    if (circuit.phase == Phase::closed && circuit.failures_in_a_row == 0 && circuit.generation == 0)
      return false;
    close_circuit(circuit, now);
    return true;
  });
}

}  // namespace iso::breaker
