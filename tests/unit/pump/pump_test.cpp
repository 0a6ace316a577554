#include "pump/pump.h"

#include <doctest/doctest.h>

#include "support/fakes.h"

using namespace iso;
using namespace std::chrono_literals;

namespace {

// One run, and what was reported of it, in order: "a confirmed", "! bad_input".
struct Trial {
  test::FakeSource source;
  test::FakeSink sink;
  PumpOptions options;
  std::vector<std::string> reports;

  explicit Trial(std::vector<std::string> bodies) : source(std::move(bodies)) {}

  Tally run() {
    PumpHooks hooks;
    hooks.report = [this](const Delivery& taken, const DeliveryResult& result) {
      static const char* const kNames[] = {"confirmed", "returned", "nacked", "unconfirmed"};
      reports.push_back(taken.record.body + " " +
                        (taken.bad_input ? "bad_input" : kNames[static_cast<int>(result.status)]));
    };
    return pump(source, sink, options, hooks);
  }
};

}  // namespace

TEST_CASE("pump: reports come in the order taken, whatever the order of the statuses") {
  Trial trial({"a", "b", "c"});
  trial.sink.statuses["b"] = DeliveryStatus::nacked;
  const Tally tally = trial.run();
  CHECK(trial.reports == std::vector<std::string>{"a confirmed", "b nacked", "c confirmed"});
  CHECK(tally.confirmed == 2);
  CHECK(tally.nacked == 1);
  CHECK(tally.stop == Stop::ended);
}

TEST_CASE("pump: confirmed is acknowledged, returned and nacked are requeued with the reason") {
  Trial trial({"a", "lost", "refused"});
  trial.sink.statuses = {{"lost", DeliveryStatus::returned}, {"refused", DeliveryStatus::nacked}};
  const Tally tally = trial.run();
  CHECK(trial.source.settled == std::map<Ticket, Disposition>{{1, Disposition::ack},
                                                              {2, Disposition::requeue},
                                                              {3, Disposition::requeue}});
  CHECK(trial.source.reasons[2] == "NO_ROUTE (312)");
  CHECK(tally.returned == 1);
}

TEST_CASE("pump: a record that the source gives again is not counted as returned, and its report says so") {
  Trial trial({"lost"});
  trial.sink.statuses = {{"lost", DeliveryStatus::returned}};
  trial.source.gives_again = true;
  bool again = false;
  PumpHooks hooks;
  hooks.report = [&](const Delivery&, const DeliveryResult& result) { again = result.comes_again; };
  const Tally tally = pump(trial.source, trial.sink, trial.options, hooks);
  CHECK(again);
  CHECK(tally.again == 1);
  CHECK(tally.returned == 0);
}

TEST_CASE("pump: what a handler asks for later, rejects or never tried is settled so, and counted so") {
  Trial trial({"later", "bad", "untried"});
  trial.sink.statuses = {{"later", DeliveryStatus::deferred},
                         {"bad", DeliveryStatus::rejected},
                         {"untried", DeliveryStatus::untried}};
  std::vector<DeliveryStatus> reported;
  PumpHooks hooks;
  hooks.report = [&](const Delivery&, const DeliveryResult& result) { reported.push_back(result.status); };
  const Tally tally = pump(trial.source, trial.sink, trial.options, hooks);
  CHECK(trial.source.settled == std::map<Ticket, Disposition>{{1, Disposition::requeue},
                                                              {2, Disposition::dead_letter},
                                                              {3, Disposition::give_back}});
  CHECK(trial.source.reasons[3] == "");
  CHECK(reported == std::vector<DeliveryStatus>{DeliveryStatus::deferred, DeliveryStatus::rejected,
                                                DeliveryStatus::untried});
  CHECK(tally.again == 2);
  CHECK(tally.rejected == 1);
  CHECK(tally.confirmed == 0);
}

TEST_CASE("pump: nothing is taken while the onlooker is full, and nothing more once that is over") {
  Trial trial({"a", "b"});
  trial.options.window = 1;
  int asked = 0;
  PumpHooks hooks;
  hooks.report = [&](const Delivery& taken, const DeliveryResult&) {
    trial.reports.push_back(taken.record.body);
  };
  hooks.intake = [&] {
    if (!trial.reports.empty()) return Intake::over;
    return ++asked < 5 ? Intake::full : Intake::open;
  };
  const Tally tally = pump(trial.source, trial.sink, trial.options, hooks);
  CHECK(asked >= 5);
  CHECK(trial.reports == std::vector<std::string>{"a"});
  CHECK(tally.stop == Stop::closed);
  CHECK(tally.confirmed == 1);
}

TEST_CASE("pump: an onlooker that can bear one is given one, and asked again") {
  Trial trial({"a", "b", "c"});
  trial.source.stays_open = true;
  trial.options.drain = true;
  PumpHooks hooks;
  hooks.intake = [&] { return trial.sink.put_order.size() < 2 ? Intake::one : Intake::open; };
  pump(trial.source, trial.sink, trial.options, hooks);
  CHECK(trial.sink.put_order.size() == 3);
  CHECK(trial.sink.most_in_flight == 1);
}

TEST_CASE("pump: no more than the window is in flight") {
  Trial trial({"a", "b", "c", "d", "e"});
  trial.options.window = 2;
  trial.run();
  CHECK(trial.sink.most_in_flight == 2);
  CHECK(trial.sink.put_order.size() == 5);
}

TEST_CASE("pump: the window is bounded in bytes, but one record always fits") {
  Trial trial({std::string(100, 'x'), std::string(100, 'y'), std::string(100, 'z')});
  trial.options.window = 1;
  trial.options.window_bytes = 10;
  const Tally tally = trial.run();
  CHECK(trial.sink.most_in_flight == 1);
  CHECK(tally.confirmed == 3);
}

TEST_CASE("pump: nothing is settled when the sink breaks, and what was in flight is unconfirmed") {
  Trial trial({"a", "b"});
  trial.sink.breaks_at = "b";
  const Tally tally = trial.run();
  CHECK(trial.source.settled.empty());
  CHECK(trial.reports == std::vector<std::string>{"a unconfirmed", "b unconfirmed"});
  REQUIRE(tally.error);
  CHECK(tally.error->kind() == ErrorKind::unavailable);
  CHECK(tally.unconfirmed == 2);
}

TEST_CASE("pump: a source that cannot be read on ends it, but what was taken before gets its status") {
  Trial trial({"a", "b"});
  trial.source.breaks_at_the_end = true;
  trial.sink.answers = false;
  PumpHooks hooks;
  hooks.pause = [&] {  // asked when nothing moves: both are in flight, and the source is broken
    trial.sink.answers = true;
    return Wait{};
  };
  const Tally tally = pump(trial.source, trial.sink, trial.options, hooks);
  CHECK(tally.confirmed == 2);
  CHECK(trial.source.settled == std::map<Ticket, Disposition>{{1, Disposition::ack}, {2, Disposition::ack}});
  CHECK(tally.stop == Stop::failed);
  REQUIRE(tally.error);
  CHECK(tally.error->kind() == ErrorKind::io);
}

TEST_CASE("pump: a sink that never answers is given up after the patience, and its records are unconfirmed") {
  Trial trial({"a"});
  test::FakeClock clock;
  clock.step = 5ms;
  trial.options.clock = &clock;
  trial.options.patience = 100ms;
  trial.sink.answers = false;
  const Tally tally = trial.run();
  CHECK(tally.gave_up);
  CHECK(tally.unconfirmed == 1);
  CHECK(trial.source.settled.empty());
}

TEST_CASE("pump: when its time is up, what is in flight has the drain time and no more") {
  Trial trial({"a"});
  trial.source.stays_open = true;
  trial.sink.answers = false;
  trial.options.run_time = 20ms;
  trial.options.drain_time = 30ms;
  const Tally tally = trial.run();
  CHECK(tally.stop == Stop::timed_out);
  CHECK(tally.gave_up);
  CHECK(tally.unconfirmed == 1);
}

TEST_CASE("pump: a sink that does not move says why, once") {
  Trial trial({"a"});
  test::FakeClock clock;
  clock.step = 5ms;
  trial.options.clock = &clock;
  trial.options.patience = 200ms;
  trial.sink.answers = false;
  std::vector<std::string> told;
  PumpHooks hooks;
  hooks.stalled = [&](std::string_view why) { told.emplace_back(why); };
  pump(trial.source, trial.sink, trial.options, hooks);
  CHECK(told == std::vector<std::string>{"it is full"});
}

TEST_CASE("pump: a bad_input is reported in its place and the rest go on") {
  Trial trial({"a", "!", "c"});
  const Tally tally = trial.run();
  CHECK(trial.reports == std::vector<std::string>{"a confirmed", "! bad_input", "c confirmed"});
  CHECK(tally.bad_input == 1);
  CHECK(trial.sink.put_order == std::vector<std::string>{"a", "c"});
  CHECK(trial.source.settled.at(2) == Disposition::dead_letter);
  CHECK(trial.source.reasons.at(2) == "no good");
}

TEST_CASE("pump: strict touches nothing after a bad_input, and what was before it is finished") {
  Trial trial({"a", "!", "c"});
  trial.options.strict = true;
  const Tally tally = trial.run();
  CHECK(trial.reports == std::vector<std::string>{"a confirmed", "! bad_input"});
  CHECK(tally.stop == Stop::bad_input);
  CHECK(tally.taken == 2);
}

TEST_CASE("pump: a record that cannot be prepared is a bad_input") {
  Trial trial({"a", "b"});
  PumpHooks hooks;
  hooks.prepare = [](Record& record) {
    if (record.body == "a") throw Error(ErrorKind::data, "nowhere to go");
  };
  const Tally tally = pump(trial.source, trial.sink, trial.options, hooks);
  CHECK(tally.bad_input == 1);
  CHECK(trial.sink.put_order == std::vector<std::string>{"b"});
}

TEST_CASE("pump: count takes exactly so many and tells the source to stop") {
  Trial trial({"a", "b", "c"});
  trial.options.count = 2;
  const Tally tally = trial.run();
  CHECK(tally.stop == Stop::counted);
  CHECK(tally.taken == 2);
  CHECK(trial.source.largest_take == 2);
  CHECK(trial.source.stops == 1);
}

TEST_CASE("pump: an interruption stops taking, and what is in flight is finished") {
  Trial trial({"a"});
  std::atomic<int> signal{15};
  trial.source.stays_open = true;
  trial.options.interrupted = &signal;
  const Tally tally = trial.run();
  CHECK(tally.stop == Stop::interrupted);
  CHECK(tally.confirmed == 1);
}

TEST_CASE("pump: it stops for the reason that came first") {
  const struct {
    Stop want;
    std::chrono::milliseconds idle, run_time;
    bool drain, gone;
  } rows[] = {{Stop::idle, 50ms, 0ms, false, false},
              {Stop::timed_out, 0ms, 50ms, false, false},
              {Stop::drained, 0ms, 0ms, true, false},
              {Stop::closed, 0ms, 0ms, false, true}};
  for (const auto& row : rows) {
    CAPTURE(static_cast<int>(row.want));
    Trial trial({"a"});
    test::FakeClock clock;
    clock.step = 5ms;
    trial.options.clock = &clock;
    trial.source.stays_open = true;
    trial.options.idle = row.idle;
    trial.options.run_time = row.run_time;
    trial.options.drain = row.drain;
    trial.sink.gone = row.gone;
    trial.sink.answers = !row.gone;
    const Tally tally = trial.run();
    CHECK(tally.stop == row.want);
    CHECK(trial.source.settled.size() == (row.gone ? 0 : 1));
  }
}

TEST_CASE("pump: rate lets through what is due and no more") {
  Trial trial({"a", "b", "c", "d"});
  test::FakeClock clock;
  clock.step = 1ms;
  trial.options.clock = &clock;
  trial.options.rate = 10;
  trial.options.run_time = 150ms;
  const Tally tally = trial.run();
  CHECK(tally.taken == 2);  // one at 0 ms, one at 100 ms
}
