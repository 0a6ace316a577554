#include "pump/pump.h"

#include <doctest/doctest.h>

#include "support/fakes.h"
#include "support/test_observer.h"

using namespace iso;
using namespace std::chrono_literals;
using test::TestObserver;

namespace {

// One run, and what was reported of it, in order: "a confirmed", "! bad_input".
struct Trial {
  test::FakeSource source;
  test::FakeSink sink;
  PumpOptions options;
  std::vector<std::string> reports;

  explicit Trial(std::vector<std::string> bodies) : source(std::move(bodies)) {}

  PumpSummary run() {
    TestObserver hooks;
    hooks.on_report = [this](const Delivery& taken, const DeliveryResult& result) {
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
  const PumpSummary tally = trial.run();
  CHECK(trial.reports == std::vector<std::string>{"a confirmed", "b nacked", "c confirmed"});
  CHECK(tally.confirmed == 2);
  CHECK(tally.nacked == 1);
  CHECK(tally.stop == StopReason::ended);
}

TEST_CASE("pump: confirmed is acknowledged, returned is requeued and nacked postponed, with the reason") {
  Trial trial({"a", "lost", "refused"});
  trial.sink.statuses = {{"lost", DeliveryStatus::returned}, {"refused", DeliveryStatus::nacked}};
  const PumpSummary tally = trial.run();
  CHECK(trial.source.settled == std::map<Ticket, Disposition>{{1, Disposition::ack},
                                                              {2, Disposition::requeue},
                                                              {3, Disposition::postpone}});
  CHECK(trial.source.reasons[2] == "NO_ROUTE (312)");
  CHECK(tally.returned == 1);
}

TEST_CASE("pump: what its source has lost and has not begun is withdrawn, and taken again under --count") {
  Trial trial({"a", "b", "c", "a again", "b again", "c again"});
  trial.options.count = 4;
  trial.sink.answers = false;
  trial.sink.begins = 1;
  TestObserver hooks;
  int rounds = 0;
  hooks.on_wait = [&] {
    if (++rounds == 1) trial.source.lost_up_to = 3;
    if (rounds == 2) trial.sink.answers = true;
    return Wait(1ms);
  };
  trial.options.window = 3;
  const PumpSummary tally = pump(trial.source, trial.sink, trial.options, hooks);
  CHECK(trial.sink.withdrawals == std::vector<Ticket>{3});
  CHECK(trial.source.settled[1] == Disposition::ack);
  CHECK(trial.source.settled[2] == Disposition::give_back);
  CHECK(trial.source.settled[3] == Disposition::give_back);
  CHECK(tally.stale == 1);  // a had begun, and is done: it comes again all the same
  CHECK(tally.confirmed - tally.stale == 3);
  CHECK(tally.again == 2);
}

TEST_CASE("pump: what has waited for as long as its source allows is withdrawn, and what is younger is not") {
  Trial trial({"a", "b"});
  test::FakeClock clock;
  clock.step = 10ms;
  trial.options.clock = &clock;
  trial.source.longest = 300ms;
  trial.sink.answers = false;
  trial.sink.begins = 1;
  TestObserver hooks;
  hooks.on_wait = [&] {
    trial.sink.answers = !trial.sink.withdrawals.empty();
    return Wait(1ms);
  };
  const PumpSummary tally = pump(trial.source, trial.sink, trial.options, hooks);
  CHECK(trial.sink.withdrawals == std::vector<Ticket>{2});
  CHECK(trial.source.settled ==
        std::map<Ticket, Disposition>{{1, Disposition::ack}, {2, Disposition::give_back}});
  CHECK(tally.confirmed == 1);
  CHECK(tally.again == 1);
}

TEST_CASE("pump: whether the far side has the last settlements is asked once, and only if there were any") {
  Trial done({"a"});
  CHECK(done.run().settled);
  CHECK(done.source.finishes == 1);
  Trial unknown({"a"});
  unknown.source.knows_all = false;
  CHECK_FALSE(unknown.run().settled);
  Trial nothing({});
  nothing.source.knows_all = false;
  CHECK(nothing.run().settled);
  CHECK(nothing.source.finishes == 0);
}

TEST_CASE("pump: a record that the source gives again is not counted as returned, and its report says so") {
  Trial trial({"lost"});
  trial.sink.statuses = {{"lost", DeliveryStatus::returned}};
  trial.source.gives_again = true;
  bool again = false;
  TestObserver hooks;
  hooks.on_report = [&](const Delivery&, const DeliveryResult& result) { again = result.comes_again; };
  const PumpSummary tally = pump(trial.source, trial.sink, trial.options, hooks);
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
  TestObserver hooks;
  hooks.on_report = [&](const Delivery&, const DeliveryResult& result) { reported.push_back(result.status); };
  const PumpSummary tally = pump(trial.source, trial.sink, trial.options, hooks);
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

TEST_CASE("pump: nothing is taken while the observer wants none, and nothing more once that is over") {
  Trial trial({"a", "b"});
  trial.options.window = 1;
  int asked = 0;
  TestObserver hooks;
  hooks.on_report = [&](const Delivery& taken, const DeliveryResult&) {
    trial.reports.push_back(taken.record.body);
  };
  hooks.on_demand = [&] {
    if (!trial.reports.empty()) return Demand::over;
    return ++asked < 5 ? Demand::none : Demand::many;
  };
  const PumpSummary tally = pump(trial.source, trial.sink, trial.options, hooks);
  CHECK(asked >= 5);
  CHECK(trial.reports == std::vector<std::string>{"a"});
  CHECK(tally.stop == StopReason::closed);
  CHECK(tally.confirmed == 1);
}

TEST_CASE("pump: an observer that wants one is given one, and asked again") {
  Trial trial({"a", "b", "c"});
  trial.source.stays_open = true;
  trial.options.drain = true;
  TestObserver hooks;
  hooks.on_demand = [&] { return trial.sink.put_order.size() < 2 ? Demand::one : Demand::many; };
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
  const PumpSummary tally = trial.run();
  CHECK(trial.sink.most_in_flight == 1);
  CHECK(tally.confirmed == 3);
}

TEST_CASE("pump: nothing is settled when the sink breaks, and what was in flight is unconfirmed") {
  Trial trial({"a", "b"});
  trial.sink.breaks_at = "b";
  const PumpSummary tally = trial.run();
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
  TestObserver hooks;
  hooks.on_wait = [&] {  // asked when nothing moves: both are in flight, and the source is broken
    trial.sink.answers = true;
    return Wait{};
  };
  const PumpSummary tally = pump(trial.source, trial.sink, trial.options, hooks);
  CHECK(tally.confirmed == 2);
  CHECK(trial.source.settled == std::map<Ticket, Disposition>{{1, Disposition::ack}, {2, Disposition::ack}});
  CHECK(tally.stop == StopReason::failed);
  REQUIRE(tally.error);
  CHECK(tally.error->kind() == ErrorKind::io);
}

TEST_CASE(
    "pump: a sink that never answers is given up after the stall timeout, and its records are unconfirmed") {
  Trial trial({"a"});
  test::FakeClock clock;
  clock.step = 5ms;
  trial.options.clock = &clock;
  trial.options.stall_timeout = 100ms;
  trial.sink.answers = false;
  const PumpSummary tally = trial.run();
  CHECK(tally.gave_up);
  CHECK(tally.unconfirmed == 1);
  CHECK(trial.source.settled.empty());
}

TEST_CASE("pump: when its time is up, what is in flight has the drain time and no more") {
  Trial trial({"a"});
  trial.source.stays_open = true;
  trial.sink.answers = false;
  trial.options.run_time = 20ms;
  trial.options.grace = 30ms;
  const PumpSummary tally = trial.run();
  CHECK(tally.stop == StopReason::timed_out);
  CHECK(tally.gave_up);
  CHECK(tally.unconfirmed == 1);
}

TEST_CASE("pump: a sink that does not move says why, once") {
  Trial trial({"a"});
  test::FakeClock clock;
  clock.step = 5ms;
  trial.options.clock = &clock;
  trial.options.stall_timeout = 200ms;
  trial.sink.answers = false;
  std::vector<std::string> told;
  TestObserver hooks;
  hooks.on_stalled = [&](std::string_view why) { told.emplace_back(why); };
  pump(trial.source, trial.sink, trial.options, hooks);
  CHECK(told == std::vector<std::string>{"it is full"});
}

TEST_CASE("pump: a bad_input is reported in its place and the rest go on") {
  Trial trial({"a", "!", "c"});
  const PumpSummary tally = trial.run();
  CHECK(trial.reports == std::vector<std::string>{"a confirmed", "! bad_input", "c confirmed"});
  CHECK(tally.bad_input == 1);
  CHECK(trial.sink.put_order == std::vector<std::string>{"a", "c"});
  CHECK(trial.source.settled.at(2) == Disposition::dead_letter);
  CHECK(trial.source.reasons.at(2) == "no good");
}

TEST_CASE("pump: strict touches nothing after a bad_input, and what was before it is finished") {
  Trial trial({"a", "!", "c"});
  trial.options.strict = true;
  const PumpSummary tally = trial.run();
  CHECK(trial.reports == std::vector<std::string>{"a confirmed", "! bad_input"});
  CHECK(tally.stop == StopReason::bad_input);
  CHECK(tally.taken == 2);
}

TEST_CASE("pump: a record that cannot be prepared is a bad_input") {
  Trial trial({"a", "b"});
  TestObserver hooks;
  hooks.on_prepare = [](Record& record) {
    if (record.body == "a") throw Error(ErrorKind::data, "nowhere to go");
  };
  const PumpSummary tally = pump(trial.source, trial.sink, trial.options, hooks);
  CHECK(tally.bad_input == 1);
  CHECK(trial.sink.put_order == std::vector<std::string>{"b"});
}

TEST_CASE("pump: count takes exactly so many and tells the source to stop") {
  Trial trial({"a", "b", "c"});
  trial.options.count = 2;
  const PumpSummary tally = trial.run();
  CHECK(tally.stop == StopReason::counted);
  CHECK(tally.taken == 2);
  CHECK(trial.source.largest_take == 2);
  CHECK(trial.source.stops == 1);
}

TEST_CASE("pump: an interruption stops taking, and what is in flight is finished") {
  Trial trial({"a"});
  std::atomic<int> signal{15};
  trial.source.stays_open = true;
  trial.options.interrupted = &signal;
  const PumpSummary tally = trial.run();
  CHECK(tally.stop == StopReason::interrupted);
  CHECK(tally.confirmed == 1);
}

TEST_CASE("pump: it stops for the reason that came first") {
  const struct {
    StopReason want;
    std::chrono::milliseconds idle, run_time;
    bool drain, gone;
  } rows[] = {{StopReason::idle, 50ms, 0ms, false, false},
              {StopReason::timed_out, 0ms, 50ms, false, false},
              {StopReason::drained, 0ms, 0ms, true, false},
              {StopReason::closed, 0ms, 0ms, false, true}};
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
    const PumpSummary tally = trial.run();
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
  const PumpSummary tally = trial.run();
  CHECK(tally.taken == 2);  // one at 0 ms, one at 100 ms
}

TEST_CASE("pump: the grace runs from the interruption on, whatever results come meanwhile") {
  Trial trial({"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"});
  test::FakeClock clock;
  clock.step = 1ms;
  trial.options.clock = &clock;
  trial.options.grace = 10ms;
  trial.options.stall_timeout = 10s;
  trial.source.stays_open = true;
  trial.sink.answers = false;
  trial.sink.answers_at_once = 1;  // each round one: it never stalls
  std::atomic<int> signal{0};
  trial.options.interrupted = &signal;
  TestObserver hooks;
  hooks.on_wait = [&] {
    signal = 15;
    trial.sink.answers = true;
    return Wait{};
  };
  const PumpSummary tally = pump(trial.source, trial.sink, trial.options, hooks);
  CHECK(tally.gave_up);
  CHECK(tally.confirmed >= 1);
  CHECK(tally.unconfirmed >= 3);
  CHECK(tally.confirmed + tally.unconfirmed == 10);
}

TEST_CASE("pump: a signal after the last was taken still starts the grace, and begins nothing more") {
  Trial trial({"a"});
  test::FakeClock clock;
  trial.options.clock = &clock;
  trial.options.grace = 0ms;
  trial.options.count = 1;
  trial.source.stays_open = true;
  trial.sink.answers = false;
  std::atomic<int> signal{0};
  trial.options.interrupted = &signal;
  TestObserver hooks;
  hooks.on_wait = [&] {
    signal = 15;
    return Wait{};
  };
  const PumpSummary tally = pump(trial.source, trial.sink, trial.options, hooks);
  CHECK(tally.stop == StopReason::counted);
  CHECK(tally.gave_up);
  CHECK(trial.sink.finishes == std::vector<bool>{false, true});
}

TEST_CASE("pump: the sink is told once that nothing more comes, and whether to hurry") {
  Trial ended({"a"});
  ended.run();
  CHECK(ended.sink.finishes == std::vector<bool>{false});
  Trial interrupted({"a"});
  std::atomic<int> signal{1};
  interrupted.source.stays_open = true;
  interrupted.options.interrupted = &signal;
  interrupted.run();
  CHECK(interrupted.sink.finishes == std::vector<bool>{true});
}

TEST_CASE("pump: a stall is counted from the first record in flight, not from the start") {
  Trial trial({"a"});
  test::FakeClock clock;
  trial.options.clock = &clock;
  trial.options.stall_timeout = 100ms;
  trial.source.stays_open = true;
  trial.options.drain = true;
  int asked = 0;
  TestObserver hooks;
  hooks.on_demand = [&] { return asked < 3 ? Demand::none : Demand::many; };
  hooks.on_wait = [&] {
    ++asked;
    clock.now += 90ms;  // far longer than the limit before anything is taken
    trial.sink.answers = asked != 4;
    return Wait{};
  };
  const PumpSummary tally = pump(trial.source, trial.sink, trial.options, hooks);
  CHECK_FALSE(tally.gave_up);
  CHECK(tally.confirmed == 1);
}

TEST_CASE("pump: an observer that fails ends the taking, and every record is still reported once") {
  Trial trial({"a", "b", "c", "d"});
  trial.options.window = 3;
  trial.source.stays_open = true;
  std::vector<std::string> reported;
  TestObserver hooks;
  hooks.on_report = [&](const Delivery& taken, const DeliveryResult&) {
    reported.push_back(taken.record.body);
    throw Error(ErrorKind::io, "no space for " + taken.record.body);
  };
  const PumpSummary tally = pump(trial.source, trial.sink, trial.options, hooks);
  CHECK(reported == std::vector<std::string>{"a", "b", "c"});
  CHECK(tally.confirmed == 3);
  CHECK(trial.source.settled.size() == 3);
  CHECK(trial.source.stops == 1);
  CHECK(tally.stop == StopReason::failed);
  REQUIRE(tally.error);
  CHECK(std::string(tally.error->what()) == "no space for a");
}

TEST_CASE("pump: an observer that fails over what an end left undone changes nothing of why it ended") {
  Trial trial({"a", "b"});
  trial.sink.breaks_at = "b";
  int reports = 0;
  TestObserver hooks;
  hooks.on_report = [&](const Delivery&, const DeliveryResult&) {
    ++reports;
    throw Error(ErrorKind::io, "no space");
  };
  const PumpSummary tally = pump(trial.source, trial.sink, trial.options, hooks);
  CHECK(reports == 2);
  REQUIRE(tally.error);
  CHECK(tally.error->kind() == ErrorKind::unavailable);
}

TEST_CASE("pump: preparing that fails over more than the record ends the run") {
  Trial trial({"a", "b"});
  TestObserver hooks;
  hooks.on_prepare = [](Record&) { throw Error(ErrorKind::io, "no more ids"); };
  const PumpSummary tally = pump(trial.source, trial.sink, trial.options, hooks);
  REQUIRE(tally.error);
  CHECK(tally.error->kind() == ErrorKind::io);
  CHECK(tally.bad_input == 0);
  CHECK(trial.sink.put_order.empty());
}

TEST_CASE("pump: no more is taken than the sink and the observer both want") {
  const struct {
    Demand sink, observer;
    std::size_t taken;
  } rows[] = {{Demand::many, Demand::many, 3},
              {Demand::one, Demand::many, 1},
              {Demand::many, Demand::one, 1},
              {Demand::none, Demand::many, 0},
              {Demand::one, Demand::none, 0}};
  for (const auto& row : rows) {
    Trial trial({"a", "b", "c"});
    trial.source.stays_open = true;
    trial.sink.wants = row.sink;
    trial.sink.answers = false;
    trial.options.run_time = 1ms;
    trial.options.grace = 0ms;
    test::FakeClock clock;
    trial.options.clock = &clock;
    TestObserver hooks;
    hooks.on_demand = [&] { return trial.sink.put_order.empty() ? row.observer : Demand::none; };
    hooks.on_wait = [&] {
      clock.now += 1ms;
      return Wait{};
    };
    if (row.sink == Demand::one) trial.options.window = 1;
    CHECK(pump(trial.source, trial.sink, trial.options, hooks).taken == row.taken);
    CHECK(trial.source.largest_take == (row.taken == 3 ? 256 : row.taken));
  }
}

TEST_CASE("pump: an interruption is known to the sink before it is asked what handlers did after it") {
  class Handler final : public Sink {
   public:
    void put(Ticket ticket, const Record&) override { ticket_ = ticket; }
    void flush() override {}
    void results(std::vector<DeliveryResult>& out) override {
      if (ended)
        out.push_back({ticket_, hurried ? DeliveryStatus::untried : DeliveryStatus::rejected, 0, {}});
      ended = false;
    }
    Wait wait() const override { return Wait(1ms); }
    void finish(bool begin_nothing) override { hurried = begin_nothing; }
    bool ended = false, hurried = false;

   private:
    Ticket ticket_ = 0;
  };
  test::FakeSource source({"a"});
  source.stays_open = true;
  Handler handler;
  std::atomic<int> interrupted{0};
  PumpOptions options;
  options.interrupted = &interrupted;
  TestObserver hooks;
  hooks.on_wait = [&] {  // both get the signal while the pump waits
    interrupted = 15;
    handler.ended = true;
    return Wait(1ms);
  };
  pump(source, handler, options, hooks);
  CHECK(source.settled == std::map<Ticket, Disposition>{{1, Disposition::give_back}});
}
