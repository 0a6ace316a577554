#include "handlers/breaker_sink.h"

#include <algorithm>
#include <doctest/doctest.h>
#include <utility>

#include "ends/guarded_connection.h"
#include "pump/pump.h"
#include "support/errors.h"
#include "support/fakes.h"
#include "support/folder.h"

using namespace iso;
using namespace iso::breaker;
using namespace iso::ends;
using namespace iso::handlers;
using namespace std::chrono_literals;

namespace {

using Fates = std::vector<std::pair<Ticket, DeliveryStatus>>;

struct Trial {
  test::Folder folder;
  test::FakeClock clock;
  std::vector<std::string> told;
  Breaker breaker{folder.file(), {}, {}, clock, [] { return 0.5; }};
  test::FakeSink* handler = nullptr;
  std::unique_ptr<BreakerSink> sink;
  std::vector<Record> records;

  explicit Trial(std::size_t at_once = 1) {
    auto made = std::make_unique<test::FakeSink>();
    handler = made.get();
    records.resize(20);
    for (std::size_t i = 0; i < records.size(); ++i) records[i].body = std::to_string(i);
    BreakerSinkOptions options{"shop", at_once, [this](std::string_view text) { told.emplace_back(text); }};
    sink = std::make_unique<BreakerSink>(std::move(made), breaker, options);
  }

  void put(Ticket from, Ticket to) {
    for (Ticket ticket = from; ticket <= to; ++ticket) sink->put(ticket, records[ticket]);
    sink->flush();
  }
  Fates results() {
    std::vector<DeliveryResult> all;
    sink->results(all);
    Fates statuses;
    for (const auto& result : all) statuses.emplace_back(result.ticket, result.status);
    return statuses;
  }
  void fails_with(DeliveryStatus status) {
    for (const auto& record : records) handler->statuses[record.body] = status;
  }
  void open() {
    for (int i = 0; i < 5; ++i) breaker.settle(breaker.admit("shop"), {CallEnd::failure, "exit 3"});
  }
  void pass_time() { clock.now += 10s; }
};

}  // namespace

TEST_CASE("breaker sink: when the circuit opens, records that the handler does not have are untried") {
  for (const DeliveryStatus status : {DeliveryStatus::rejected, DeliveryStatus::deferred}) {
    Trial trial;
    trial.fails_with(status);
    trial.put(1, 8);
    Fates statuses;
    for (int round = 0; round < 8; ++round)
      for (const auto& result : trial.results()) statuses.push_back(result);
    CHECK(statuses == Fates{{1, status},
                            {2, status},
                            {3, status},
                            {4, status},
                            {5, status},
                            {6, DeliveryStatus::untried},
                            {7, DeliveryStatus::untried},
                            {8, DeliveryStatus::untried}});
    CHECK(trial.handler->put_order.size() == 5);
    CHECK(trial.sink->demand() == Demand::none);
    CHECK(trial.sink->why_none() ==
          "the circuit of shop has been open for 0 s (NO_ROUTE); next trial in 10 s");
    CHECK(trial.told.empty());  // the breaker reported it
  }
}

TEST_CASE("breaker sink: the handler holds at most as many records as it can start") {
  Trial trial(3);
  trial.handler->answers = false;
  trial.put(1, 8);
  CHECK(trial.handler->put_order.size() == 3);
  trial.handler->answers = true;
  while (!trial.results().empty()) continue;
  CHECK(trial.handler->put_order.size() == 8);
  CHECK(trial.handler->most_in_flight == 3);
}

TEST_CASE(
    "breaker sink: when a probe is due there is demand for one, and its success restores demand for all") {
  Trial trial;
  trial.open();
  CHECK(trial.sink->demand() == Demand::none);
  CHECK(trial.told ==
        std::vector<std::string>{"the circuit of shop has been open for 0 s (exit 3); next trial in 10 s"});
  CHECK(trial.sink->demand() == Demand::none);
  CHECK(trial.told.size() == 1);
  trial.pass_time();
  CHECK(trial.sink->demand() == Demand::one);
  trial.handler->answers = false;
  trial.put(1, 1);
  CHECK(trial.sink->demand() == Demand::none);
  trial.handler->answers = true;
  CHECK(trial.results() == Fates{{1, DeliveryStatus::confirmed}});
  CHECK(trial.sink->demand() == Demand::many);
  CHECK(trial.told.size() == 1);
}

TEST_CASE("breaker sink: its own probe does not cause a notice of an open circuit") {
  Trial trial;
  trial.open();
  trial.pass_time();
  trial.handler->answers = false;
  trial.put(1, 1);
  CHECK(trial.sink->demand() == Demand::none);
  CHECK(trial.sink->why_none().empty());
  CHECK(trial.told.empty());
}

TEST_CASE("breaker sink: after a failed probe there is no demand, and nothing else is tried") {
  Trial trial;
  trial.open();
  trial.pass_time();
  trial.fails_with(DeliveryStatus::rejected);
  trial.put(1, 3);
  CHECK(trial.results() ==
        Fates{{1, DeliveryStatus::rejected}, {2, DeliveryStatus::untried}, {3, DeliveryStatus::untried}});
  CHECK(trial.sink->demand() == Demand::none);
  CHECK(trial.handler->put_order == std::vector<std::string>{"1"});
}

TEST_CASE("breaker sink: a record that the handler did not try is neutral, and the next one is the probe") {
  Trial trial;
  trial.open();
  trial.pass_time();
  trial.fails_with(DeliveryStatus::untried);
  trial.put(1, 1);
  CHECK(trial.results() == Fates{{1, DeliveryStatus::untried}});
  CHECK(trial.sink->demand() == Demand::one);
}

TEST_CASE(
    "guarded connection: an open circuit is ErrorKind::unavailable at once, with the time of the next "
    "probe") {
  Trial trial;
  const CircuitOptions guard{&trial.breaker, "shop"};
  int tries = 0;
  const auto connect = [&](std::optional<ErrorKind> fails) {
    return guarded(guard, "amqp://host", [&] {
      ++tries;
      if (fails) throw Error(*fails, "no luck");
      return tries;
    });
  };
  CHECK(connect(std::nullopt) == 1);
  for (int i = 0; i < 4; ++i)
    CHECK(test::says(test::error_of([&] { connect(ErrorKind::unavailable); }), "no luck"));
  const Error error = test::error_of([&] { connect(std::nullopt); });
  CHECK(error.kind() == ErrorKind::unavailable);
  CHECK(std::string(error.what()) ==
        "the circuit of shop amqp://host has been open for 0 s (no luck); next trial in 10 s");
  CHECK(tries == 5);
  CHECK(trial.breaker.admit("shop amqp://other"));
  trial.pass_time();
  // A server that refuses the login can be reached.
  CHECK(test::error_of([&] { connect(ErrorKind::refused); }).kind() == ErrorKind::refused);
  CHECK(trial.breaker.look("shop amqp://host").decision == Decision::allow);
  CHECK(connect(std::nullopt) == 7);
}

TEST_CASE("guarded connection: without a breaker every call is allowed") {
  CHECK(guarded({}, "amqp://host", [] { return 3; }) == 3);
}

TEST_CASE(
    "breaker sink: finish(true) gives back the records that the handler does not have, and reaches it") {
  Trial trial;
  trial.handler->answers = false;
  trial.put(1, 3);
  trial.sink->finish(false);
  CHECK(trial.handler->finishes.empty());  // it will get two more
  trial.sink->finish(true);
  CHECK(trial.handler->finishes == std::vector<bool>{true});
  CHECK(trial.results() == Fates{{2, DeliveryStatus::untried}, {3, DeliveryStatus::untried}});
}

TEST_CASE("breaker sink: finish() reaches the handler after the last record") {
  Trial trial;
  trial.put(1, 3);
  trial.sink->finish(false);
  while (!trial.results().empty()) continue;
  CHECK(trial.handler->put_order.size() == 3);
  CHECK(trial.handler->finishes == std::vector<bool>{false});
}

TEST_CASE("breaker sink: withdrawn records are untried, here and in the handler") {
  Trial trial;
  trial.handler->answers = false;
  trial.put(1, 4);
  trial.sink->withdraw(3);
  CHECK(trial.handler->withdrawals == std::vector<Ticket>{3});
  trial.handler->answers = true;
  Fates statuses;
  for (int round = 0; round < 4; ++round)
    for (const auto& result : trial.results()) statuses.push_back(result);
  std::sort(statuses.begin(), statuses.end());
  CHECK(statuses == Fates{{1, DeliveryStatus::untried},
                          {2, DeliveryStatus::untried},
                          {3, DeliveryStatus::untried},
                          {4, DeliveryStatus::confirmed}});
}
