// What every engine of a store keeps, and the fake in memory too, so that a test of the rules on the fake is
// worth something. A new engine needs a fixture like SqliteStore, and a place in ENGINES.

#include <doctest/doctest.h>

#include "base/hash.h"
#include "support/errors.h"
#include "support/fake_store.h"
#include "support/sqlite_store.h"

using namespace iso;
using namespace iso::store;
using namespace std::chrono_literals;
using test::error_of;
using test::FakeStore;
using test::SqliteStore;
using test::StoreRow;

#define ENGINES SqliteStore, FakeStore

namespace {

using Seqs = std::vector<std::int64_t>;
using Mark = Settlement::Mark;

StoreRow row_in(std::string queue) {
  StoreRow row;
  row.queue = std::move(queue);
  return row;
}

template <class Change>
StoreRow row_with(Change change) {
  StoreRow row;
  change(row);
  return row;
}

// The seqs that a call gives.
template <class Call>
Seqs given(Call call) {
  Seqs seqs;
  call([&](const StoredRow& row) { seqs.push_back(row.seq); });
  return seqs;
}

Seqs claimed(StoreEngine& engine, std::string_view queue = "q", Most most = {100}) {
  return given([&](const auto& each) { engine.claim(queue, most, each); });
}

Seqs seen(StoreEngine& engine, std::int64_t after = 0, std::string_view queue = "q", Most most = {100}) {
  return given([&](const auto& each) { engine.look(queue, after, most, each); });
}

std::unique_ptr<StoreEngine> joined(auto& store) {
  auto engine = store.open();
  engine->join();
  return engine;
}

Received stored(StoreEngine& engine, std::string_view body, std::optional<std::string> key = std::nullopt,
                std::string_view queue = "q") {
  const std::string hash = hash128(body);
  const NewRow row{queue, {}, {}, "", "", "{}", hash, body, {}, std::move(key)};
  std::vector<Received> received;
  REQUIRE(engine.append({&row, 1}, std::nullopt, received));
  REQUIRE(received.size() == 1);
  return received[0];
}

void settle(StoreEngine& engine, Settlement settlement, Pruning pruning = {1000h, 0}) {
  engine.settle({&settlement, 1}, pruning);
}

}  // namespace

TEST_CASE_TEMPLATE("engine: a row is given as it was stored", Store, ENGINES) {
  Store store;
  const auto engine = joined(store);
  const std::string hash = hash128("body");
  const NewRow rows[] = {
      {"q", "id", "correlation", "exchange", "key", R"({"type":"t"})", hash, "body", 60s, {}},
      {"q", {}, {}, "", "", "{}", hash, "", {}, {}}};
  std::vector<Received> received{Received::conflict};
  const auto before = store.now();
  REQUIRE(engine->append(rows, std::nullopt, received));
  CHECK(received == std::vector{Received::conflict, Received::stored, Received::stored});
  std::vector<StoreRow> all = store.rows();
  REQUIRE(all.size() == 2);
  CHECK(all[0].created_ms >= before);
  CHECK(all[0].created_ms <= store.now());
  CHECK(all[0].state_ms == all[0].created_ms);
  CHECK(all[0].expires_ms == all[0].created_ms + 60'000);
  CHECK_FALSE(all[1].expires_ms);
  std::int64_t place = 0;
  engine->look("q", 0, {10}, [&](const StoredRow& row) {
    CHECK(row.state == MessageState::ready);
    CHECK(row.redeliveries == 0);
    CHECK(row.attempts == 0);
    CHECK(row.hash == hash);
    CHECK(row.created_ms == all[0].created_ms);
    CHECK(row.seq == all[static_cast<std::size_t>(place)].seq);
    if (++place == 2) {
      CHECK_FALSE(row.message_id);
      CHECK_FALSE(row.correlation_id);
      CHECK(row.body.empty());
      return;
    }
    CHECK(row.exchange == "exchange");
    CHECK(row.routing_key == "key");
    CHECK(row.message_id == "id");
    CHECK(row.correlation_id == "correlation");
    CHECK(row.properties == R"({"type":"t"})");
    CHECK(row.body == "body");
  });
  CHECK(place == 2);
}

TEST_CASE_TEMPLATE("engine: what an application left out of a row is nothing", Store, ENGINES) {
  Store store;
  store.put(row_with([](StoreRow& row) { row.attempts = 3, row.redeliveries = 2; }));
  const auto engine = store.open();
  bool any = false;
  engine->look("q", 0, {1}, [&](const StoredRow& row) {
    any = true;
    CHECK_FALSE(row.routing_key);
    CHECK_FALSE(row.message_id);
    CHECK_FALSE(row.correlation_id);
    CHECK_FALSE(row.hash);
    CHECK(row.attempts == 3);
    CHECK(row.redeliveries == 2);
  });
  CHECK(any);
}

TEST_CASE_TEMPLATE("engine: nothing is stored by a topology that has changed", Store, ENGINES) {
  Store store;
  const auto engine = store.open(), other = store.open();
  const auto version = engine->topology().version;
  const NewRow row{"q", {}, {}, "", "", "{}", "", "1", {}, {}};
  std::vector<Received> received;
  CHECK(engine->append({&row, 1}, version, received));
  other->make({{}, {"new"}, "", {}});
  received.clear();
  CHECK_FALSE(engine->append({&row, 1}, version, received));
  CHECK(received.empty());
  CHECK(store.rows().size() == 1);
  CHECK(engine->append({&row, 1}, engine->topology().version, received));
}

TEST_CASE_TEMPLATE("engine: of what has a key, the same again is counted, and another body is a conflict",
                   Store, ENGINES) {
  Store store;
  const auto engine = store.open();
  CHECK(stored(*engine, "1", "k") == Received::stored);
  CHECK(stored(*engine, "1", "k") == Received::duplicate);
  CHECK(stored(*engine, "2", "k") == Received::conflict);
  CHECK(stored(*engine, "2", "k") == Received::conflict_again);
  CHECK(stored(*engine, "3", "k") == Received::conflict);
  CHECK(stored(*engine, "1", "k") == Received::duplicate);
  CHECK(stored(*engine, "1", "k", "other") == Received::stored);
  CHECK(stored(*engine, "1", "other") == Received::stored);
  CHECK(stored(*engine, "1") == Received::stored);
  CHECK(stored(*engine, "1") == Received::stored);
  Seqs states, duplicates;
  for (const auto& row : store.rows()) {
    states.push_back(row.state);
    duplicates.push_back(row.duplicates);
  }
  CHECK(states == Seqs{0, 3, 3, 0, 0, 0, 0});
  CHECK(duplicates == Seqs{2, 1, 0, 0, 0, 0, 0});
}

TEST_CASE_TEMPLATE("engine: rows of one batch are held against one another, in their order", Store, ENGINES) {
  Store store;
  const std::string one = hash128("1"), two = hash128("2");
  const NewRow rows[] = {{"q", {}, {}, "", "", "{}", one, "1", {}, "k"},
                         {"q", {}, {}, "", "", "{}", one, "1", {}, "k"},
                         {"q", {}, {}, "", "", "{}", two, "2", {}, "k"}};
  std::vector<Received> received;
  CHECK(store.open()->append(rows, std::nullopt, received));
  CHECK(received == std::vector{Received::stored, Received::duplicate, Received::conflict});
}

TEST_CASE_TEMPLATE("engine: a row without a hash is held to its body", Store, ENGINES) {
  Store store;
  const auto seq = store.put(row_with([](StoreRow& row) { row.key = "k", row.state = 1; }));
  const auto engine = store.open();
  CHECK(stored(*engine, "1", "k") == Received::duplicate);
  CHECK(stored(*engine, "2", "k") == Received::conflict);
  CHECK(store.rows()[0].seq == seq);
  CHECK(store.rows()[0].duplicates == 1);
}

TEST_CASE_TEMPLATE("engine: a message is claimed once, in the order of seq, up to a number or a size", Store,
                   ENGINES) {
  Store store;
  for (int i = 0; i < 6; ++i) store.put(row_in("q"));
  store.put(row_in("other"));
  const auto one = joined(store), two = joined(store);
  CHECK(seen(*one) == Seqs{1, 2, 3, 4, 5, 6});
  CHECK(seen(*one, 4) == Seqs{5, 6});
  CHECK(seen(*one, 0, "q", {2}) == Seqs{1, 2});
  CHECK(seen(*one, 0, "q", {9, 4}) == Seqs{1, 2});  // a body and {} are 3 bytes
  CHECK(seen(*one, 0, "q", {9, 3}) == Seqs{1});
  CHECK(seen(*one, 0, "q", {9, 1}) == Seqs{1});
  CHECK(claimed(*one, "q", {2}) == Seqs{1, 2});
  CHECK(claimed(*two, "q", {9, 4}) == Seqs{3, 4});
  CHECK(claimed(*one, "q", {2}) == Seqs{5, 6});
  CHECK(claimed(*one).empty());
  CHECK(seen(*one).empty());
  CHECK(claimed(*one, "other") == Seqs{7});
  CHECK(store.claims() == 7);
  CHECK(one->count_after("q", 2) == 4);
}

TEST_CASE_TEMPLATE("engine: a claim says whether its bound ended it", Store, ENGINES) {
  Store store;
  for (int i = 0; i < 3; ++i) store.put(row_in("q"));
  const auto engine = joined(store);
  const auto none = [](const StoredRow&) {};
  CHECK(engine->look("q", 0, {2}, none));
  CHECK(engine->look("q", 0, {9, 6}, none));
  CHECK_FALSE(engine->look("q", 0, {4}, none));
  CHECK(engine->claim("q", {2}, none));
  CHECK_FALSE(engine->claim("q", {2}, none));
  CHECK_FALSE(engine->claim("q", {2}, none));
}

TEST_CASE_TEMPLATE("engine: a claim that its taker throws in is none", Store, ENGINES) {
  Store store;
  store.put(row_in("q"));
  const auto engine = joined(store);
  const auto commits = engine->commits();
  CHECK_THROWS(engine->claim("q", {1}, [](const StoredRow&) { throw std::runtime_error("no"); }));
  CHECK(store.claims() == 0);
  CHECK(engine->commits() == commits);
  CHECK(claimed(*engine) == Seqs{1});
  CHECK(engine->commits() == commits + 1);
  CHECK(claimed(*engine).empty());
  CHECK(engine->commits() == commits + 1);  // nobody had to wait for nothing
}

TEST_CASE_TEMPLATE("engine: what is done, dead or a conflict is not open", Store, ENGINES) {
  Store store;
  for (const std::int64_t state : {1, 2, 3}) store.put(row_with([&](StoreRow& row) { row.state = state; }));
  const auto engine = joined(store);
  CHECK_FALSE(engine->has_open("q"));
  CHECK(seen(*engine).empty());
  CHECK(claimed(*engine).empty());
  CHECK(engine->count_after("q", 0) == 0);
  CHECK_FALSE(engine->has_queue("q"));
}

TEST_CASE_TEMPLATE("engine: what rests is open and not given, but for what a clock that jumped would keep",
                   Store, ENGINES) {
  Store store;
  const auto now = store.now();
  store.put(row_with([&](StoreRow& row) { row.not_before_ms = now + 50'000; }));
  const auto engine = joined(store);
  CHECK(engine->has_open("q"));
  CHECK(seen(*engine).empty());
  CHECK(claimed(*engine).empty());
  store.put(row_with([&](StoreRow& row) { row.not_before_ms = now + 70'000; }));
  store.put(row_with([&](StoreRow& row) { row.not_before_ms = now - 1; }));
  CHECK(seen(*engine) == Seqs{2, 3});
}

TEST_CASE_TEMPLATE("engine: what expired is not open, and can be claimed as such or made dead", Store,
                   ENGINES) {
  Store store;
  const auto now = store.now();
  const auto expired = row_with([&](StoreRow& row) { row.expires_ms = now - 1; });
  store.put(expired);
  store.put(expired);
  store.put(row_with([&](StoreRow& row) { row.expires_ms = now + 50'000; }));
  const auto engine = joined(store);
  const auto claim_expired = [&](Most most) {
    return given([&](const auto& each) { engine->claim_expired("q", most, each); });
  };
  CHECK(seen(*engine) == Seqs{3});
  CHECK(engine->has_expired("q"));
  CHECK_FALSE(engine->has_expired("other"));
  CHECK(claim_expired({1}) == Seqs{1});
  CHECK(engine->has_expired("q"));
  engine->expire("q");
  CHECK_FALSE(engine->has_expired("q"));
  CHECK(claim_expired({9}).empty());
  const auto rows = store.rows();
  CHECK(rows[0].state == 0);  // it is claimed
  CHECK(rows[1].state == 2);
  CHECK(rows[1].state_ms >= now);
  CHECK(rows[1].last_error == "expired");
  CHECK(rows[2].state == 0);
  CHECK(claimed(*engine) == Seqs{3});
  CHECK_FALSE(engine->has_open("q"));
  const auto commits = engine->commits();
  engine->expire("q");
  CHECK(engine->commits() == commits);
}

TEST_CASE_TEMPLATE("engine: a settlement marks its message and ends its claim", Store, ENGINES) {
  Store store;
  store.put(row_with([](StoreRow& row) { row.attempts = 1, row.redeliveries = 1, row.not_before_ms = 7; }));
  const auto engine = joined(store);
  REQUIRE(claimed(*engine) == Seqs{1});
  const auto now = store.now();
  StoreRow row;
  const auto settled = [&](Mark mark) {
    settle(*engine, {1, mark, 30s, "why"});
    row = store.rows()[0];
    CHECK(store.claims() == 0);
  };
  SUBCASE("done") {
    settled(Mark::done);
    CHECK(row.state == 1);
    CHECK(row.state_ms >= now);
    CHECK(row.attempts == 1);
    CHECK(row.redeliveries == 1);
    CHECK_FALSE(row.last_error);
  }
  SUBCASE("dead") {
    settled(Mark::dead);
    CHECK(row.state == 2);
    CHECK(row.state_ms >= now);
    CHECK(row.attempts == 2);
    CHECK(row.redeliveries == 1);
    CHECK(row.not_before_ms == 0);
    CHECK(row.last_error == "why");
  }
  SUBCASE("retry") {
    settled(Mark::retry);
    CHECK(row.state == 0);
    CHECK(row.attempts == 2);
    CHECK(row.redeliveries == 2);
    CHECK(row.not_before_ms >= now + 30'000);
    CHECK(row.not_before_ms <= store.now() + 30'000);
    CHECK(row.last_error == "why");
    CHECK(claimed(*engine).empty());
  }
  SUBCASE("postpone") {
    settled(Mark::postpone);
    CHECK(row.state == 0);
    CHECK(row.attempts == 1);
    CHECK(row.redeliveries == 2);
    CHECK(row.not_before_ms >= now + 30'000);
    CHECK(row.not_before_ms <= store.now() + 30'000);
    CHECK(row.last_error == "why");
    CHECK(claimed(*engine).empty());
  }
  SUBCASE("give back") {
    settled(Mark::give_back);
    CHECK(row.state == 0);
    CHECK(row.attempts == 1);
    CHECK(row.redeliveries == 2);
    CHECK(row.not_before_ms == 7);
    CHECK_FALSE(row.last_error);
    CHECK(claimed(*engine) == Seqs{1});
  }
}

TEST_CASE_TEMPLATE("engine: what is forgotten is gone, and the queue keeps up to when", Store, ENGINES) {
  Store store;
  for (const std::int64_t created : {20, 30, 10})
    store.put(row_with([&](StoreRow& row) { row.created_ms = created; }));
  const auto engine = joined(store);
  REQUIRE(claimed(*engine).size() == 3);
  CHECK(store.pruned_up_to("q") == 0);
  const Settlement first[] = {{1, Mark::forget, {}, {}}, {2, Mark::forget, {}, {}}};
  engine->settle(first, {1000h, 0});
  CHECK(store.pruned_up_to("q") == 30);
  settle(*engine, {3, Mark::forget, {}, {}});
  CHECK(store.pruned_up_to("q") == 30);
  CHECK(store.pruned_up_to("other") == 0);
  CHECK(store.rows().empty());
  CHECK(store.claims() == 0);
}

TEST_CASE_TEMPLATE("engine: settling what someone deleted ends its claim and is no error", Store, ENGINES) {
  Store store;
  store.put(row_in("q"));
  const auto one = joined(store), two = joined(store);
  REQUIRE(claimed(*one) == Seqs{1});
  settle(*two, {1, Mark::forget, {}, {}});
  settle(*one, {1, Mark::done, {}, {}});
  CHECK(store.claims() == 0);
  CHECK(store.rows().empty());
}

TEST_CASE_TEMPLATE(
    "engine: done messages that are old go with a settlement, the oldest first, so many at most", Store,
    ENGINES) {
  Store store;
  const auto now = store.now();
  const auto put = [&](std::int64_t state, std::int64_t age, std::int64_t created, std::string queue = "q") {
    store.put(row_with([&](StoreRow& row) {
      row.state = state;
      row.state_ms = now - age;
      row.created_ms = created;
      row.queue = queue;
    }));
  };
  put(1, 70'000, 5);
  put(1, 90'000, 4);
  put(1, 80'000, 9, "p");
  put(1, 50'000, 8);
  put(0, 99'000, 7);
  put(2, 99'000, 7);
  put(3, 99'000, 7);
  const auto engine = store.open();
  engine->settle({}, {60s, 2});
  Seqs left;
  for (const auto& row : store.rows()) left.push_back(row.seq);
  CHECK(left == Seqs{1, 4, 5, 6, 7});
  CHECK(store.pruned_up_to("q") == 4);
  CHECK(store.pruned_up_to("p") == 9);
  engine->settle({}, {60s, 100});
  CHECK(store.rows().size() == 4);
  CHECK(store.pruned_up_to("q") == 5);
}

TEST_CASE_TEMPLATE("engine: who leaves gives back, and its private queue goes with all it had", Store,
                   ENGINES) {
  Store store;
  for (const char* queue : {"q", "mine"}) store.put(row_in(queue));
  auto engine = joined(store);
  const auto other = joined(store);
  engine->make({{{"x", "fanout"}}, {"q"}, "mine", {{"x", "mine", "", "{}"}, {"x", "q", "", "{}"}}});
  REQUIRE(claimed(*engine) == Seqs{1});
  const auto version = other->topology().version;
  SUBCASE("by itself") {
    engine->leave();
  }
  SUBCASE("by its end") {
    engine.reset();
    CHECK(claimed(*other).empty());
    other->release_dead_owners();
  }
  const auto topology = other->topology();
  CHECK(topology.version != version);
  CHECK(topology.queues == std::vector<std::string>{"q"});
  REQUIRE(topology.bindings.size() == 1);
  CHECK(topology.bindings[0].queue == "q");
  const auto rows = store.rows();
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].redeliveries == 1);
  CHECK(rows[0].attempts == 0);
  CHECK(claimed(*other) == Seqs{1});
  const auto commits = other->commits();
  other->release_dead_owners();
  CHECK(other->commits() == commits);
}

TEST_CASE_TEMPLATE("engine: who comes finds what the dead had", Store, ENGINES) {
  Store store;
  store.put(row_in("q"));
  {
    const auto engine = joined(store);
    REQUIRE(claimed(*engine) == Seqs{1});
    CHECK(claimed(*joined(store)).empty());
  }
  CHECK(claimed(*joined(store)) == Seqs{1});
}

TEST_CASE_TEMPLATE("engine: one session has a queue alone, until it ends", Store, ENGINES) {
  Store store;
  auto one = store.open();
  const auto two = store.open();
  CHECK(one->try_lock_queue("q"));
  CHECK(one->try_lock_queue("q"));
  CHECK_FALSE(two->try_lock_queue("q"));
  CHECK(two->try_lock_queue("other"));
  one.reset();
  CHECK(two->try_lock_queue("q"));
}

TEST_CASE_TEMPLATE("engine: what is made is there, and what was there stays as it is", Store, ENGINES) {
  Store store;
  const auto engine = store.open();
  const auto version = engine->topology().version;
  CHECK_FALSE(engine->has_queue("q"));
  engine->make({{{"x", "topic"}}, {"q"}, "", {{"x", "q", "a.*", "{}"}, {"x", "q", "a.*", R"({"a":1})"}}});
  engine->make({{{"x", "fanout"}}, {"q"}, "", {{"x", "q", "a.*", "{}"}}});
  CHECK(engine->has_queue("q"));
  const auto topology = engine->topology();
  CHECK(topology.version != version);
  std::vector<std::string> types;
  for (const auto& [name, type] : topology.exchanges)
    if (name == "x") types.push_back(type);
  CHECK(types == std::vector<std::string>{"topic"});
  CHECK(topology.queues == std::vector<std::string>{"q"});
  REQUIRE(topology.bindings.size() == 2);
  CHECK(topology.bindings[0].exchange == "x");
  CHECK(topology.bindings[0].routing_key == "a.*");
  CHECK(topology.bindings[0].arguments != topology.bindings[1].arguments);
  CHECK(topology.inboxes.empty());
}

TEST_CASE_TEMPLATE("engine: a queue is there if an application put ready messages into it", Store, ENGINES) {
  Store store;
  store.put(row_in("q"));
  const auto engine = store.open();
  CHECK(engine->has_queue("q"));
  CHECK_FALSE(engine->has_queue("other"));
  CHECK(engine->topology().queues.empty());
}

TEST_CASE_TEMPLATE("engine: an inbox gives keys to what is there; of several with one key the first has it",
                   Store, ENGINES) {
  Store store;
  for (int i = 0; i < 300; ++i) store.put(row_in("q"));
  store.put(row_in("other"));
  store.put(row_with([](StoreRow& row) { row.key = "own"; }));
  store.put(row_with([](StoreRow& row) { row.state = 3; }));
  store.put(row_with([](StoreRow& row) { row.state = 1; }));
  const auto engine = store.open();
  const auto version = engine->topology().version;
  Seqs asked;
  engine->make_inbox({"q", "/body/id"}, [&](const StoredRow& row) -> std::optional<std::string> {
    asked.push_back(row.seq);
    if (row.seq % 2 == 0) return std::nullopt;
    return std::to_string(row.seq % 200);
  });
  CHECK(asked.size() == 301);
  const auto rows = store.rows();
  CHECK(rows[0].key == "1");
  CHECK_FALSE(rows[1].key);
  CHECK(rows[198].key == "199");
  CHECK_FALSE(rows[200].key);
  CHECK_FALSE(rows[300].key);
  CHECK(rows[301].key == "own");
  CHECK_FALSE(rows[302].key);
  const auto topology = engine->topology();
  CHECK(topology.version != version);
  REQUIRE(topology.inboxes.size() == 1);
  CHECK(topology.inboxes[0].queue == "q");
  CHECK(topology.inboxes[0].key == "/body/id");
  engine->make_inbox({"q", ""}, [](const StoredRow&) { return std::nullopt; });
  REQUIRE(engine->topology().inboxes.size() == 1);
  CHECK(engine->topology().inboxes[0].key.empty());
}

TEST_CASE_TEMPLATE("engine: the version tells of what others did, and not of one's own", Store, ENGINES) {
  Store store;
  const auto one = store.open(), two = store.open();
  const auto version = one->version();
  one->make({{}, {"a"}, "", {}});
  CHECK(one->version() == version);
  two->make({{}, {"b"}, "", {}});
  CHECK(one->version() != version);
}

TEST_CASE_TEMPLATE("engine: the ledger keeps each answer once, as it came first", Store, ENGINES) {
  Store store;
  const auto engine = store.open();
  engine->prepare_ledger();
  engine->prepare_ledger();
  std::vector<bool> added;
  const LedgerRow rows[] = {{"m", "a", "handled", "r", "first"},
                            {"m", "a", "handled", "s", "second"},
                            {"m", "a", "rejected", {}, {}},
                            {"m", "b", "handled", {}, {}},
                            {"n", "a", "handled", {}, {}}};
  engine->write_ledger([&](Ledger& ledger) { added = ledger.add(rows); });
  CHECK(added == std::vector<bool>{true, false, true, true, true});
  engine->write_ledger([&](Ledger& ledger) {
    const std::string_view ids[] = {"n", "none"};
    CHECK(ledger.answers(ids).size() == 1);
    added = ledger.add({rows, 1});
  });
  CHECK(added == std::vector<bool>{false});
  const auto answers = engine->answers_of("m");
  REQUIRE(answers.size() == 3);
  CHECK(answers[0].message_id == "m");
  CHECK(answers[0].application == "a");
  CHECK(answers[0].kind == "handled");
  CHECK(answers[0].reply_id == "r");
  CHECK(answers[0].detail == "first");
  CHECK(engine->answers_of("none").empty());
}

TEST_CASE_TEMPLATE("engine: what a writer of the ledger throws undoes what it added", Store, ENGINES) {
  Store store;
  const auto engine = store.open();
  const LedgerRow row{"m", "a", "handled", {}, {}};
  CHECK_THROWS(engine->write_ledger([&](Ledger& ledger) {
    ledger.add({&row, 1});
    throw std::runtime_error("no");
  }));
  CHECK(engine->answers_of("m").empty());
}

TEST_CASE_TEMPLATE("engine: the messages of a correlation_id come once each, oldest first, but for one queue",
                   Store, ENGINES) {
  Store store;
  const auto put = [&](std::string queue, std::optional<std::string> id, std::string correlation) {
    store.put(row_with([&](StoreRow& row) {
      row.queue = queue;
      row.message_id = id;
      row.correlation_id = correlation;
    }));
  };
  put("q", "a", "c");
  put("p", "a", "c");
  put("p", "b", "c");
  put("answers", "x", "c");
  put("q", std::nullopt, "c");
  put("q", std::nullopt, "c");
  put("q", "d", "other");
  std::vector<Seqs> found(3);
  const Ledger::Question questions[] = {{"c", "answers"}, {"other", {}}, {"c", {}}};
  store.open()->write_ledger([&](Ledger& ledger) {
    ledger.correlated(
        questions, [&](std::size_t question, const StoredRow& row) { found[question].push_back(row.seq); });
  });
  CHECK(found[0] == Seqs{1, 3, 5, 6});
  CHECK(found[1] == Seqs{7});
  CHECK(found[2] == Seqs{1, 3, 4, 5, 6});
}

TEST_CASE_TEMPLATE("engine: a name, a URL and an id", Store, ENGINES) {
  Store store;
  const auto engine = store.open();
  CHECK(engine->id().size() == 32);
  CHECK(engine->id() == store.open()->id());
  CHECK_FALSE(engine->is_still());
  CHECK(engine->url().ends_with(":" + engine->name()));
}

TEST_CASE_TEMPLATE("engine: how far a stream is read is kept with what came from it", Store, ENGINES) {
  Store store;
  auto engine = store.open();
  CHECK_FALSE(engine->next_offset("s"));
  engine->make({{}, {"q"}, "", {}});
  std::vector<Received> received;
  NewRow row;
  row.queue = "q";
  row.properties = "{}";
  row.body = "1";
  engine->append_from({"s", 7}, std::vector<NewRow>{row}, received);
  CHECK(received == std::vector<Received>{Received::stored});
  CHECK(engine->next_offset("s") == 7);
  engine->append_from({"s", 9}, {}, received);
  CHECK(engine->next_offset("s") == 9);
  CHECK_FALSE(engine->next_offset("other"));
  CHECK(store.open()->next_offset("s") == 9);
}
