#include "breaker/circuit.h"

#include <doctest/doctest.h>

using namespace iso;
using namespace iso::breaker;
using namespace std::chrono_literals;

namespace {

// A circuit that records results, at times relative to a start.
struct Trial {
  BreakerOptions options;
  Circuit circuit;
  Clock::Wall now{1'700'000'000'000ms};
  double random = 0.5;

  bool ends(CallEnd end, std::optional<std::chrono::seconds> retry_after = std::nullopt) {
    return end_call(circuit, {end, "refused", retry_after}, options, now, random);
  }
  bool fails() { return ends(CallEnd::failure); }
  bool succeeds() { return ends(CallEnd::success); }
  void opens() {
    while (!fails()) continue;
  }
  void probe() { begin_probe(circuit, now, options.lease); }
  Decision decision(bool probe_owner_alive = true) const { return decide(circuit, now, probe_owner_alive); }
  std::chrono::milliseconds open_for() const { return circuit.until - circuit.since; }
};

}  // namespace

TEST_CASE("circuit: opens at the fifth failure in a row, and one success resets the count") {
  Trial trial;
  trial.options.least_calls = 1000;
  for (int i = 0; i < 4; ++i) CHECK_FALSE(trial.fails());
  trial.succeeds();
  for (int i = 0; i < 4; ++i) CHECK_FALSE(trial.fails());
  CHECK(trial.decision() == Decision::allow);
  CHECK(trial.fails());
  CHECK(trial.circuit.phase == Phase::open);
  CHECK(trial.decision() == Decision::reject);
  CHECK(trial.circuit.reason == "refused");
}

TEST_CASE("circuit: opens when half of the calls in the window fail, but not below five calls") {
  Trial trial;
  for (const bool good : {true, false, true}) good ? trial.succeeds() : trial.fails();
  CHECK_FALSE(trial.fails());  // two of four
  CHECK(trial.fails());        // three of five
  Trial rare;
  for (int i = 0; i < 10; ++i) {
    CHECK_FALSE(rare.fails());
    rare.succeeds();
    rare.succeeds();
  }
}

TEST_CASE("circuit: calls older than the window do not count") {
  Trial trial;
  trial.options.failures_in_a_row = 100;
  for (int i = 0; i < 4; ++i) trial.fails();
  trial.now += 60s;
  CHECK_FALSE(trial.fails());
  CHECK(trial.circuit.recent.within(trial.now, trial.options.window) == RecentCalls::Counts{0, 1});
  trial.now += 30s;
  CHECK_FALSE(trial.fails());
  CHECK(trial.circuit.recent.within(trial.now, trial.options.window) == RecentCalls::Counts{0, 2});
}

TEST_CASE("circuit: neutral results do not count") {
  Trial trial;
  for (int i = 0; i < 20; ++i) CHECK_FALSE(trial.ends(CallEnd::neutral));
  for (int i = 0; i < 4; ++i) CHECK_FALSE(trial.fails());
  CHECK_FALSE(trial.ends(CallEnd::neutral));
  CHECK(trial.fails());
}

TEST_CASE("circuit: stays open for ten seconds, twice as long each time, at most five minutes") {
  Trial trial;
  trial.opens();
  for (const auto want : {10s, 20s, 40s, 80s, 160s, 300s, 300s}) {
    CHECK(trial.open_for() == want);
    trial.now += want - 1ms;
    CHECK(trial.decision() == Decision::reject);
    trial.now += 1ms;
    CHECK(trial.decision() == Decision::probe);
    trial.probe();
    CHECK(trial.fails());
  }
  trial.now = trial.circuit.until;
  trial.probe();
  CHECK(trial.succeeds());
  trial.opens();
  CHECK(trial.open_for() == 10s);  // a success resets it
}

TEST_CASE("circuit: the time that it stays open varies by up to a fifth") {
  Trial early, late;
  early.random = 0;
  late.random = 1;
  early.opens();
  late.opens();
  CHECK(early.open_for() == 8s);
  CHECK(late.open_for() == 12s);
}

TEST_CASE("circuit: Retry-After extends the time, never shortens it, and counts up to a day") {
  const struct {
    std::chrono::seconds asked, want;
  } rows[] = {{120s, 120s}, {1s, 10s}, {0s, 10s}, {400h, 24h}};
  for (const auto& row : rows) {
    Trial trial;
    for (int i = 0; i < 4; ++i) trial.fails();
    trial.ends(CallEnd::failure, row.asked);
    CHECK(trial.open_for() == row.want);
  }
}

TEST_CASE("circuit: while half-open, one call is allowed and all others are rejected") {
  Trial trial;
  trial.opens();
  trial.now = trial.circuit.until;
  CHECK(trial.decision() == Decision::probe);
  trial.probe();
  CHECK(trial.decision() == Decision::reject);
  CHECK(trial.succeeds());
  CHECK(trial.circuit.phase == Phase::closed);
  CHECK(trial.decision() == Decision::allow);
  for (int i = 0; i < 4; ++i) CHECK_FALSE(trial.fails());  // the old failures no longer count
}

TEST_CASE("circuit: a prober that dies or exceeds its lease is replaced by the next caller") {
  Trial trial;
  trial.opens();
  trial.now = trial.circuit.until;
  trial.probe();
  CHECK(trial.decision(false) == Decision::probe);
  trial.now += trial.options.lease - 1ms;
  CHECK(trial.decision() == Decision::reject);
  trial.now += 1ms;
  CHECK(trial.decision() == Decision::probe);
}

TEST_CASE(
    "circuit: after a neutral probe it stays open, and the next call probes at once or after "
    "Retry-After") {
  Trial trial;
  trial.opens();
  trial.now = trial.circuit.until;
  trial.probe();
  CHECK(trial.ends(CallEnd::neutral));
  CHECK(trial.circuit.phase == Phase::open);
  CHECK(trial.circuit.opens == 1);
  CHECK(trial.decision() == Decision::probe);
  trial.probe();
  trial.ends(CallEnd::neutral, 30s);
  CHECK(trial.decision() == Decision::reject);
  trial.now += 30s;
  CHECK(trial.decision() == Decision::probe);
}

TEST_CASE("circuit: each change of phase starts a new generation, and nothing else does") {
  Trial trial;
  trial.fails();
  trial.succeeds();
  CHECK(trial.circuit.generation == 0);
  trial.opens();
  CHECK(trial.circuit.generation == 1);
  trial.probe();
  CHECK(trial.circuit.generation == 2);
  trial.succeeds();
  CHECK(trial.circuit.generation == 3);
}

TEST_CASE(
    "circuit: after the clock was set back it does not stay open longer, nor count calls in the future") {
  Trial trial;
  trial.opens();
  trial.now -= 500ms;  // another machine's clock, or read a little earlier
  CHECK(trial.decision() == Decision::reject);
  trial.now -= 24h;
  CHECK(trial.decision() == Decision::probe);
  trial.probe();
  trial.now -= 24h;
  CHECK(trial.decision() == Decision::probe);

  Trial counted;
  counted.options.failures_in_a_row = 100;
  for (int i = 0; i < 4; ++i) counted.fails();
  counted.now -= 24h;
  CHECK_FALSE(counted.fails());
  CHECK(counted.circuit.recent.within(counted.now, 60s) == RecentCalls::Counts{0, 1});
  counted.now += 24h;
  CHECK(counted.circuit.recent.within(counted.now, 60s) == RecentCalls::Counts{});
}

TEST_CASE("circuit: opened by hand, it stays open until closed by hand") {
  Trial trial;
  open_circuit(trial.circuit, "maintenance", trial.now, kUntilReset);
  trial.now += std::chrono::hours(24 * 365);
  CHECK(trial.decision() == Decision::reject);
  close_circuit(trial.circuit, trial.now);
  CHECK(trial.decision() == Decision::allow);
}

TEST_CASE("recent calls: parse() reads what text() writes, and skips the rest after an invalid part") {
  const Clock::Wall now{1'700'000'000'000ms};
  RecentCalls calls;
  calls.add({3, 1}, now, 60s);
  calls.add({2, 0}, now + 20s, 60s);
  CHECK(RecentCalls::parse(calls.text()).within(now + 30s, 60s) == RecentCalls::Counts{5, 1});
  CHECK(RecentCalls::parse(calls.text()).text() == calls.text());
  for (const char* text :
       {"", "x", "1700000000000", "1700000000000:1", "1700000000000:1:x", ":::", "1 2 3", " "}) {
    CAPTURE(text);
    CHECK(RecentCalls::parse(text).text().empty());
  }
}

TEST_CASE("recent calls: at most eleven parts are stored") {
  RecentCalls calls;
  Clock::Wall now{1'700'000'000'000ms};
  for (int i = 0; i < 10'000; ++i) calls.add({1, 0}, now += 100ms, 60s);
  CHECK(calls.text().size() < 11 * std::string("1700000000000:1000:0 ").size());
}
