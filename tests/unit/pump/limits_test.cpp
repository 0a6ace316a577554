// When the pump waits, for how long, and when it stops: on time that passes only while it waits.

#include <algorithm>
#include <doctest/doctest.h>

#include "pump/pump.h"
#include "support/fakes.h"
#include "support/test_observer.h"

using namespace iso;
using namespace std::chrono_literals;
using std::chrono::milliseconds;

namespace {

// A run in which a wait takes exactly as long as it is told to.
struct Timed {
  test::FakeClock clock;
  test::FakeSource source;
  test::FakeSink sink;
  test::TestObserver observer;
  PumpOptions options;
  std::vector<milliseconds> waits;
  std::function<void(milliseconds at)> after_wait = [](milliseconds) {};

  explicit Timed(std::vector<std::string> bodies, bool more_may_come = true) : source(std::move(bodies)) {
    source.stays_open = more_may_come;
    source.waits_for = sink.waits_for = Wait{};
    options.clock = &clock;
    options.wait = [this](const Wait& wait, milliseconds limit) {
      REQUIRE(waits.size() < 1000);
      waits.push_back(std::min(wait.at_most.value_or(limit), limit));
      clock.now += waits.back();
      after_wait(elapsed());
    };
  }

  milliseconds elapsed() const { return std::chrono::duration_cast<milliseconds>(clock.now - start); }
  PumpSummary run() { return pump(source, sink, options, observer); }

  Clock::Steady start = clock.now;
};

using Waits = std::vector<milliseconds>;

}  // namespace

TEST_CASE("pump: idle is the time since the last record was taken, and ends the run on the dot") {
  Timed trial({"a"});
  trial.options.idle = 250ms;
  CHECK(trial.run().stop == StopReason::idle);
  CHECK(trial.waits == Waits{200ms, 50ms});
  CHECK(trial.sink.waits == 0);  // nothing is in flight
  CHECK(trial.source.waits == 2);
  CHECK(trial.source.drain_checks == 0);
}

TEST_CASE("pump: idle is the time since the start where nothing ever came") {
  Timed trial({});
  trial.options.idle = 30ms;
  CHECK(trial.run().stop == StopReason::idle);
  CHECK(trial.waits == Waits{30ms});
}

TEST_CASE("pump: a wait shorter than a limit is not made longer by it") {
  Timed trial({});
  trial.source.waits_for = Wait(20ms);
  trial.options.idle = 50ms;
  trial.run();
  CHECK(trial.waits == Waits{20ms, 20ms, 10ms});
}

TEST_CASE("pump: neither idle nor drain ends the run while something is in flight") {
  for (const bool drains : {false, true}) {
    Timed trial({"a"});
    trial.options.idle = drains ? 0ms : 250ms;
    trial.options.drain = drains;
    trial.sink.answers = false;
    trial.after_wait = [&](milliseconds at) { trial.sink.answers = at >= 1s; };
    const PumpSummary summary = trial.run();
    CHECK(summary.stop == (drains ? StopReason::drained : StopReason::idle));
    CHECK(summary.confirmed == 1);
    CHECK(trial.waits == Waits{200ms, 200ms, 200ms, 200ms, 200ms});
  }
}

TEST_CASE(
    "pump: a drain asks the source only once it has nothing to give, and looks again if there is more") {
  Timed trial({"a", "b", "c"});
  trial.options.drain = true;
  trial.options.window = 1;
  CHECK(trial.run().stop == StopReason::drained);
  CHECK(trial.sink.put_order.size() == 3);
  CHECK(trial.source.drain_checks == 1);
}

TEST_CASE("pump: when its time is up it stops on the dot, and what is in flight has the grace and no more") {
  Timed trial({"a"});
  trial.options.run_time = 250ms;
  trial.options.grace = 30ms;
  trial.sink.answers = false;
  const PumpSummary summary = trial.run();
  CHECK(summary.stop == StopReason::timed_out);
  CHECK(summary.gave_up);
  CHECK(summary.stalled == "it is full");
  CHECK(summary.unconfirmed == 1);
  CHECK(trial.waits == Waits{200ms, 50ms, 30ms});
  CHECK(trial.sink.finishes == std::vector<bool>{true});
}

TEST_CASE("pump: an interruption stops the taking, and without a grace what is in flight has all its time") {
  Timed trial({"a"});
  std::atomic<int> signal{0};
  trial.options.interrupted = &signal;
  trial.options.stall_timeout = 10s;
  trial.sink.answers = false;
  std::size_t takes = 0;
  trial.after_wait = [&](milliseconds at) {
    if (at == 200ms) takes = trial.source.takes;
    signal = 15;
    trial.sink.answers = at >= 5s;
  };
  const PumpSummary summary = trial.run();
  CHECK(summary.stop == StopReason::interrupted);
  CHECK_FALSE(summary.gave_up);
  CHECK(summary.confirmed == 1);
  CHECK(trial.elapsed() == 5s);
  CHECK(trial.source.takes == takes + 1);  // the round that saw the signal, and none after
  CHECK(trial.source.waits == 1);          // and nothing is waited for that is not taken
}

TEST_CASE("pump: after an interruption the grace counts, and no stall") {
  Timed trial({"a"});
  std::atomic<int> signal{15};
  trial.options.interrupted = &signal;
  trial.options.stall_timeout = 100ms;
  trial.options.grace = 300ms;
  trial.sink.answers = false;
  CHECK(trial.run().gave_up);
  CHECK(trial.waits == Waits{200ms, 100ms});
}

TEST_CASE("pump: a stall is given up on the dot") {
  Timed trial({"a"});
  trial.options.stall_timeout = 300ms;
  trial.sink.answers = false;
  const PumpSummary summary = trial.run();
  CHECK(summary.gave_up);
  CHECK(summary.stalled == "it is full");
  CHECK(trial.waits == Waits{200ms, 100ms});
  CHECK(trial.sink.waits == 2);
}

TEST_CASE("pump: each result begins the stall timeout anew") {
  Timed trial({"a", "b", "c", "d"});
  trial.options.stall_timeout = 300ms;
  trial.sink.answers = false;
  trial.sink.answers_at_once = 1;
  trial.sink.answers_once = true;
  trial.after_wait = [&](milliseconds at) { trial.sink.answers = at == 200ms || at == 400ms; };
  const PumpSummary summary = trial.run();
  CHECK(summary.confirmed == 2);
  CHECK(summary.unconfirmed == 2);
  CHECK(summary.gave_up);
  CHECK(trial.elapsed() == 700ms);
}

TEST_CASE(
    "pump: the stall timeout begins when there is something in flight, however long there was nothing") {
  Timed trial({"a"});
  trial.options.stall_timeout = 300ms;
  trial.sink.answers = false;
  trial.observer.on_demand = [&] { return trial.elapsed() >= 1s ? Demand::many : Demand::none; };
  const PumpSummary summary = trial.run();
  CHECK(summary.gave_up);
  CHECK(trial.elapsed() == 1300ms);
}

TEST_CASE("pump: what is taken while something is in flight does not begin the stall timeout anew") {
  Timed trial({"a", "b", "c"});
  trial.options.stall_timeout = 300ms;
  trial.options.rate = 10;
  trial.sink.answers = false;
  CHECK(trial.run().gave_up);
  CHECK(trial.elapsed() == 300ms);
}

TEST_CASE("pump: a rate spreads the records evenly, and its waits are bounded") {
  for (const double rate : {1000.0, 10.0, 0.5}) {
    Timed trial({"a", "b", "c"}, false);
    trial.options.rate = rate;
    std::vector<milliseconds> puts;
    trial.observer.on_prepare = [&](Record&) { puts.push_back(trial.elapsed()); };
    CHECK(trial.run().confirmed == 3);
    const auto apart = milliseconds(static_cast<int>(1000 / rate));
    CHECK(puts == std::vector<milliseconds>{0ms, apart, 2 * apart});
    CHECK(trial.waits.size() == static_cast<std::size_t>(2 * apart / std::min<milliseconds>(apart, 200ms)));
    CHECK(trial.source.waits == 0);  // there is no use in waiting for what may not be taken
  }
}

TEST_CASE("pump: a rate makes up for what it missed") {
  Timed trial({"a", "b", "c", "d"}, false);
  trial.options.rate = 10;
  trial.observer.on_demand = [&] { return trial.elapsed() >= 200ms ? Demand::many : Demand::none; };
  trial.run();
  CHECK(trial.elapsed() == 300ms);
}

TEST_CASE("pump: nothing is waited for while records move") {
  Timed trial({"a", "b", "c", "d"}, false);
  trial.options.window = 1;
  CHECK(trial.run().confirmed == 4);
  CHECK(trial.waits.empty());
  CHECK(trial.source.unflushed == 0);
}

TEST_CASE("pump: a source is not waited for while the window is full") {
  Timed trial({"a", "b"});
  trial.options.window = 1;
  trial.options.stall_timeout = 100ms;
  trial.sink.answers = false;
  trial.run();
  CHECK(trial.waits == Waits{100ms});
  CHECK(trial.source.waits == 0);
  CHECK(trial.source.takes == 1);
}

TEST_CASE("pump: the observer is told when it stalls and when it moves again") {
  Timed trial({"a"});
  trial.options.idle = 10ms;
  trial.sink.answers = false;
  trial.after_wait = [&](milliseconds) { trial.sink.answers = true; };
  std::vector<std::string> told;
  trial.observer.on_stalled = [&](std::string_view why) { told.emplace_back(why); };
  trial.run();
  CHECK(told == std::vector<std::string>{"it is full", ""});
}

TEST_CASE("pump: a message that cannot be read is rejected, and no bad input") {
  Timed trial({"a", "?", "b"}, false);
  trial.options.strict = true;
  const PumpSummary summary = trial.run();
  CHECK(summary.stop == StopReason::ended);
  CHECK(summary.confirmed == 2);
  CHECK(summary.rejected == 1);
  CHECK(summary.bad_input == 0);
  CHECK(trial.source.settled.at(2) == Disposition::dead_letter);
}

TEST_CASE("pump: a source that is lost ends it at once, and nothing more is asked of either end") {
  Timed trial({"a"});
  trial.source.breaks_at_the_end = true;
  trial.source.breaks_with = ErrorKind::unavailable;
  trial.sink.answers = false;
  const PumpSummary summary = trial.run();
  CHECK(summary.stop == StopReason::failed);
  REQUIRE(summary.error);
  CHECK(summary.error->kind() == ErrorKind::unavailable);
  CHECK(summary.unconfirmed == 1);
  CHECK(trial.source.settled.empty());
  CHECK(trial.waits.empty());
}

TEST_CASE("pump: a source that cannot be told to stop has failed, and what is in flight is finished") {
  Timed trial({"a", "b"});
  trial.source.stop_fails = true;
  trial.options.count = 1;
  trial.sink.answers = false;
  trial.after_wait = [&](milliseconds) { trial.sink.answers = true; };
  const PumpSummary summary = trial.run();
  CHECK(summary.stop == StopReason::failed);
  REQUIRE(summary.error);
  CHECK(std::string_view(summary.error->what()) == "it did not hear");
  CHECK(summary.confirmed == 1);
  CHECK(trial.source.stops == 1);
  CHECK(trial.sink.finishes == std::vector<bool>{false});
}

TEST_CASE("pump: the summary has what the ends say of themselves at the end") {
  Timed trial({});
  trial.options.run_time = 10ms;
  trial.source.why_away = "no route";
  trial.sink.wants = Demand::none;
  const PumpSummary summary = trial.run();
  CHECK(summary.away == "no route");
  CHECK(summary.why_none == "it had enough");
  CHECK(summary.stalled.empty());
}
