#include <doctest/doctest.h>

#include "store/source.h"
#include "support/errors.h"
#include "support/fake_store.h"

using namespace iso;
using namespace iso::store;
using namespace std::chrono_literals;
using test::error_of;
using test::FakeStore;
using test::says;
using test::StoreRow;

namespace {

using Bodies = std::vector<std::string>;

// A queue q of a store in memory, and what its sources tell.
struct Trial {
  FakeStore store;
  SourceOptions options;
  StoreOptions kept{false, true, 1h};
  std::vector<std::string> told;

  Trial() {
    store.data.queues["q"] = 0;
    options.queue = "q";
    options.notice = [this](std::string_view text) { told.emplace_back(text); };
  }

  std::int64_t put(std::string body) {
    StoreRow row;
    row.body = std::move(body);
    return store.put(row);
  }
  std::unique_ptr<StoreSource> open() {
    return std::make_unique<StoreSource>(OpenStore{kept, store.open()}, options, store.clock);
  }
};

std::vector<Delivery> take(StoreSource& source, std::size_t most = 100) {
  std::vector<Delivery> taken;
  source.take(most, taken);
  return taken;
}

Bodies bodies(StoreSource& source, std::size_t most = 100) {
  Bodies all;
  for (const Delivery& one : take(source, most)) all.push_back(one.record.body);
  return all;
}

}  // namespace

TEST_CASE("store source: a delivery says how it came") {
  Trial trial;
  StoreRow row;
  row.redeliveries = 2;
  row.message_id = "m";
  row.routing_key = "k";
  trial.store.put(row);
  const auto source = trial.open();
  CHECK(source->queue() == "q");
  const auto taken = take(*source);
  REQUIRE(taken.size() == 1);
  CHECK(taken[0].ticket == 1);
  CHECK(taken[0].record.queue == "q");
  CHECK(taken[0].record.redelivered == true);
  CHECK(taken[0].record.delivery_count == 2);
  CHECK(taken[0].record.received_at == trial.store.now());
  CHECK(taken[0].record.message_id == "m");
  CHECK(taken[0].record.routing_key == "k");
}

TEST_CASE("store source: no more are out than the prefetch, and no more come than are asked for") {
  Trial trial;
  for (const char* body : {"1", "2", "3", "4", "5"}) trial.put(body);
  trial.options.prefetch = 3;
  const auto source = trial.open();
  CHECK(bodies(*source, 2) == Bodies{"1", "2"});
  CHECK(bodies(*source, 2) == Bodies{"3"});
  CHECK(bodies(*source, 2).empty());
  source->settle(1, Disposition::ack, {});
  source->flush();
  CHECK(bodies(*source, 2) == Bodies{"4"});
}

TEST_CASE("store source: a take of large messages is bounded, but for the first") {
  Trial trial;
  const std::string large(std::size_t{5} << 20, 'x');
  for (int i = 0; i < 3; ++i) trial.put(large);
  const auto source = trial.open();
  std::vector<Delivery> taken;
  CHECK(source->take(100, taken) == SourceState::ready);
  CHECK(taken.size() == 2);
  CHECK(source->take(100, taken) == SourceState::idle);
  CHECK(taken.size() == 3);
  CHECK(taken[2].ticket == 3);
}

TEST_CASE("store source: there may be more if as many came as were asked for") {
  Trial trial;
  for (const char* body : {"1", "2", "3"}) trial.put(body);
  const auto source = trial.open();
  std::vector<Delivery> taken;
  CHECK(source->take(2, taken) == SourceState::ready);
  CHECK(source->take(2, taken) == SourceState::idle);
  CHECK(source->take(2, taken) == SourceState::idle);
  CHECK(taken.size() == 3);
}

TEST_CASE("store source: what is done is kept if anything is kept, and some of what is old goes with it") {
  Trial trial;
  SUBCASE("kept") {}
  SUBCASE("not kept") {
    trial.kept.retain = 0ms;
  }
  trial.put("1");
  trial.put("2");
  const auto source = trial.open();
  REQUIRE(take(*source).size() == 2);
  CHECK_FALSE(source->settle(2, Disposition::ack, {}));
  CHECK_FALSE(source->settle(1, Disposition::dead_letter, "why"));
  CHECK(trial.store.claims() == 2);
  source->flush();
  CHECK(trial.store.claims() == 0);
  const auto rows = trial.store.rows();
  REQUIRE(rows.size() == (trial.kept.retain == 0ms ? 1 : 2));
  CHECK(rows[0].state == 2);
  CHECK(rows[0].last_error == "why");
  if (rows.size() == 2) CHECK(rows[1].state == 1);
  REQUIRE(trial.store.prunings.size() == 1);
  CHECK(trial.store.prunings[0].done_for == trial.kept.retain);
  CHECK(trial.store.prunings[0].most == 104);
  source->flush();
  CHECK(trial.store.prunings.size() == 1);
  CHECK(trial.store.tidied == 2);
}

TEST_CASE("store source: what failed rests for half a second, doubled with each failure up to a minute") {
  const struct {
    std::int64_t attempts;
    std::chrono::milliseconds longest;
  } rows[] = {{0, 500ms}, {1, 1s}, {2, 2s}, {6, 32s}, {7, 60s}, {40, 60s}};
  for (const auto& one : rows) {
    const auto attempts = one.attempts;
    const auto longest = one.longest;
    CAPTURE(attempts);
    Trial trial;
    StoreRow row;
    row.attempts = attempts;
    trial.store.put(row);
    const auto source = trial.open();
    REQUIRE(take(*source).size() == 1);
    CHECK(source->settle(1, Disposition::requeue, "why"));
    source->flush();
    const auto failed = trial.store.rows()[0];
    CHECK(failed.state == 0);
    CHECK(failed.attempts == attempts + 1);
    CHECK(failed.last_error == "why");
    CHECK(failed.not_before_ms <= trial.store.now() + longest.count());
    CHECK(failed.not_before_ms >= trial.store.now() + longest.count() / 2);
    CHECK(take(*source).empty());
    trial.store.clock.now += longest + 250ms;
    CHECK(take(*source).size() == 1);
  }
}

TEST_CASE("store source: a message that failed as often as it may is dead") {
  Trial trial;
  for (const std::int64_t attempts : {1, 2, 3}) {
    StoreRow row;
    row.attempts = attempts;
    trial.store.put(row);
  }
  trial.options.max_attempts = 3;
  const auto source = trial.open();
  REQUIRE(take(*source).size() == 3);
  CHECK(source->settle(1, Disposition::requeue, "why"));
  CHECK_FALSE(source->settle(2, Disposition::requeue, "why"));
  CHECK_FALSE(source->settle(3, Disposition::requeue, "why"));
  source->flush();
  const auto rows = trial.store.rows();
  CHECK(rows[0].state == 0);
  CHECK(rows[1].state == 2);
  CHECK(rows[1].attempts == 3);
  CHECK(rows[2].state == 2);
}

TEST_CASE("store source: what is given back comes again and is no failure") {
  Trial trial;
  trial.put("1");
  trial.options.max_attempts = 1;
  const auto source = trial.open();
  REQUIRE(take(*source).size() == 1);
  CHECK(source->settle(1, Disposition::give_back, {}));
  source->flush();
  const auto taken = take(*source);
  REQUIRE(taken.size() == 1);
  CHECK(taken[0].ticket == 2);
  CHECK(taken[0].record.delivery_count == 1);
  CHECK(trial.store.rows()[0].attempts == 0);
}

TEST_CASE("store source: who stops takes no more, and nothing comes again from it") {
  Trial trial;
  trial.put("1");
  trial.put("2");
  const auto source = trial.open();
  REQUIRE(take(*source).size() == 2);
  source->stop();
  std::vector<Delivery> taken;
  CHECK(source->take(1, taken) == SourceState::ended);
  CHECK_FALSE(source->settle(1, Disposition::requeue, {}));
  CHECK_FALSE(source->settle(2, Disposition::give_back, {}));
  source->flush();
  CHECK(trial.store.claims() == 0);
}

TEST_CASE(
    "store source: it looks again when others have written, when someone here says so, or after 250 ms") {
  Trial trial;
  const auto source = trial.open();
  CHECK(bodies(*source).empty());
  trial.put("1");
  CHECK(bodies(*source) == Bodies{"1"});
  CHECK(bodies(*source).empty());
  CHECK(bodies(*source).empty());
  trial.put("2");
  --trial.store.changes;  // as what nothing tells of
  CHECK(bodies(*source).empty());
  SUBCASE("told") {
    source->poll_now();
  }
  SUBCASE("in time") {
    trial.store.clock.now += 249ms;
    CHECK(bodies(*source).empty());
    trial.store.clock.now += 1ms;
  }
  CHECK(bodies(*source) == Bodies{"2"});
}

TEST_CASE("store source: with nothing to do it waits longer and longer, up to 25 ms") {
  Trial trial;
  const auto source = trial.open();
  std::vector<std::int64_t> waits;
  for (int i = 0; i < 7; ++i) {
    take(*source);
    waits.push_back(source->wait().at_most->count());
  }
  CHECK(waits == std::vector<std::int64_t>{2, 4, 8, 16, 25, 25, 25});
  trial.put("1");
  take(*source);
  CHECK(source->wait().at_most == 1ms);
}

TEST_CASE("store source: what the dead had is found within 250 ms") {
  Trial trial;
  trial.put("1");
  auto dying = trial.store.open();
  dying->join();
  dying->claim("q", {1}, [](const StoredRow&) {});
  const auto source = trial.open();
  CHECK(take(*source).empty());
  dying.reset();
  CHECK(take(*source).empty());
  trial.store.clock.now += 250ms;
  const auto taken = take(*source);
  REQUIRE(taken.size() == 1);
  CHECK(taken[0].record.redelivered == true);
}

TEST_CASE("store source: what is out goes back when its source ends") {
  Trial trial;
  trial.put("1");
  {
    const auto source = trial.open();
    REQUIRE(take(*source).size() == 1);
  }
  CHECK(trial.store.claims() == 0);
  CHECK(trial.store.data.owners.empty());
  CHECK(trial.store.rows()[0].redeliveries == 1);
  auto source = trial.open();
  trial.store.locked = true;
  source.reset();  // it cannot, and says nothing
  trial.store.locked = false;
}

TEST_CASE("store source: one relay has a queue, the next waits for its end and says so once") {
  Trial trial;
  trial.put("1");
  trial.options.relay = true;
  auto one = trial.open();
  REQUIRE(take(*one).size() == 1);
  const auto two = trial.open();
  CHECK(take(*two).empty());
  CHECK(take(*two).empty());
  CHECK_FALSE(two->drained());
  CHECK(trial.told == std::vector<std::string>{"another relay has the queue \"q\"; waiting for it to end"});
  one.reset();
  CHECK(take(*two).size() == 1);
  trial.options.relay = false;
  CHECK(trial.open()->queue() == "q");
  CHECK(trial.told.size() == 1);
}

TEST_CASE("store source: a relay is given what expired as dead, before the rest; a listener never") {
  Trial trial;
  StoreRow row;
  row.expires_ms = trial.store.now();
  const auto late = trial.store.put(row);
  row.message_id = "late";
  trial.store.put(row);
  trial.put("good");
  SUBCASE("a relay") {
    trial.options.relay = true;
  }
  SUBCASE("a listener") {}
  const auto source = trial.open();
  if (!trial.options.relay) {
    CHECK(source->drained() == false);
    CHECK(bodies(*source) == Bodies{"good"});
    CHECK(trial.store.rows()[0].last_error == "expired");
    return;
  }
  const auto taken = take(*source);
  REQUIRE(taken.size() == 2);
  REQUIRE(taken[0].bad_input);
  CHECK(taken[0].bad_input->number == 0);
  CHECK(taken[0].bad_input->why.find("message number " + std::to_string(late)) != std::string::npos);
  CHECK(taken[1].bad_input->why.find("message late of queue \"q\" was not sent within") != std::string::npos);
  CHECK(bodies(*source) == Bodies{"good"});
}

TEST_CASE("store source: it is drained when nothing is open and nothing is to be settled") {
  Trial trial;
  const auto source = trial.open();
  CHECK(source->drained());
  trial.put("1");
  CHECK_FALSE(source->drained());
  REQUIRE(take(*source).size() == 1);
  CHECK(source->drained());
  source->settle(1, Disposition::requeue, {});
  CHECK_FALSE(source->drained());
  source->flush();
  CHECK_FALSE(source->drained());
}

TEST_CASE("store source: what expired keeps a relay from being drained, and no listener") {
  Trial trial;
  StoreRow row;
  row.expires_ms = trial.store.now();
  CHECK(trial.open()->drained());
  trial.options.relay = true;
  const auto relay = trial.open();
  take(*relay);
  CHECK(relay->drained());
  trial.store.put(row);
  CHECK_FALSE(relay->drained());
}

TEST_CASE(
    "store source: while another keeps the store locked all is done later, and people are told after 5 s") {
  Trial trial;
  trial.put("1");
  trial.put("2");
  const auto source = trial.open();
  REQUIRE(take(*source, 1).size() == 1);
  source->settle(1, Disposition::ack, {});
  trial.store.locked = true;
  source->flush();
  CHECK(take(*source).empty());
  CHECK_FALSE(source->drained());
  CHECK(trial.told.empty());
  trial.store.clock.now += 5s;
  source->flush();
  source->flush();
  CHECK(trial.told == std::vector<std::string>{"fake: locked by another process for 5 s; waiting"});
  trial.store.locked = false;
  source->flush();
  CHECK(trial.store.rows()[0].state == 1);
  CHECK(bodies(*source) == Bodies{"2"});
  trial.store.locked = true;
  source->settle(2, Disposition::ack, {});
  source->flush();
  trial.store.clock.now += 6s;
  source->flush();
  CHECK(trial.told.size() == 2);
}

TEST_CASE("store source: a store that is locked for longer than an outage may last ends it") {
  Trial trial;
  trial.put("1");
  trial.options.outage = 3s;
  const auto source = trial.open();
  trial.store.locked = true;
  CHECK(take(*source).empty());
  trial.store.clock.now += 2800ms;
  source->poll_now();
  CHECK(take(*source).empty());
  trial.store.clock.now += 100ms;
  source->poll_now();
  const Error error = error_of([&] { take(*source); });
  CHECK(error.kind() == ErrorKind::unavailable);
  CHECK(says(error, "fake: locked by another process for 3s"));
}

TEST_CASE("store source: a peek takes nothing, ends, and says how many more there are") {
  Trial trial;
  for (const char* body : {"1", "2", "3", "4", "5"}) trial.put(body);
  trial.options.peek = true;
  const auto peeked = [&] {
    const auto source = trial.open();
    Bodies all;
    std::vector<Delivery> taken;
    while (source->take(2, taken) == SourceState::ready) {
    }
    for (const Delivery& one : taken) all.push_back(one.record.body);
    CHECK_FALSE(source->settle(1, Disposition::requeue, {}));
    source->flush();
    return all;
  };
  SUBCASE("all") {
    CHECK(peeked() == Bodies{"1", "2", "3", "4", "5"});
    CHECK(trial.told.empty());
  }
  SUBCASE("some") {
    trial.options.peek_most = 3;
    CHECK(peeked() == Bodies{"1", "2", "3"});
    CHECK(trial.told == std::vector<std::string>{"2 more in the queue; --count shows more"});
  }
  SUBCASE("just all") {
    trial.options.peek_most = 5;
    CHECK(peeked().size() == 5);
    CHECK(trial.told.empty());
  }
  SUBCASE("a count") {
    trial.options.peek_most = 2;
    trial.options.count = 3;
    CHECK(peeked() == Bodies{"1", "2", "3"});
    CHECK(trial.told.empty());
  }
  SUBCASE("everything") {
    trial.options.peek_most = 2;
    trial.options.peek_all = true;
    CHECK(peeked().size() == 5);
  }
  CHECK(trial.store.claims() == 0);
  CHECK(trial.store.tidied == 0);
  CHECK(trial.store.changes == 5);
}

TEST_CASE("store source: a store that is missing is made to declare, and is missing to look or to use") {
  SourceOptions options;
  options.queue = "q";
  const Url url = parse_url("sqlite:/nowhere/at/all.db");
  CHECK(error_of([&] { StoreSource(url, options); }).kind() == ErrorKind::missing);
  options.peek = true;
  CHECK(error_of([&] { StoreSource(url, options); }).kind() == ErrorKind::missing);
  options.peek = false;
  options.declare = true;
  CHECK(error_of([&] { StoreSource(url, options); }).kind() == ErrorKind::io);
}

TEST_CASE("store source: what is larger than --max-message ends the run after all before it, and stays") {
  Trial trial;
  trial.options.max_message = 3;
  for (const char* body : {"1", "123", "1234", "5"}) trial.put(body);
  const auto source = trial.open();
  CHECK(bodies(*source) == Bodies{"1", "123"});
  for (const Ticket ticket : {1U, 2U}) source->settle(ticket, Disposition::ack, "");
  source->flush();
  source->poll_now();
  const Error error = error_of([&] { take(*source); });
  CHECK(error.kind() == ErrorKind::data);
  CHECK(says(error, "message 3 of the queue \"q\" has 4 bytes, and --max-message is 3"));
  CHECK(trial.store.rows().at(2).state == 0);
}
