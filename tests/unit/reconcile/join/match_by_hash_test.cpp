#include "reconcile/join/match_by_hash.h"

#include <algorithm>
#include <doctest/doctest.h>
#include <fmt/core.h>
#include <random>

#include "base/hash.h"
#include "reconcile/reconcile.h"
#include "store/rows.h"
#include "support/fakes.h"
#include "support/small_store.h"

using namespace iso;
using namespace iso::ends;
using namespace iso::reconcile;
using namespace iso::store;
using test::SmallStore;

namespace {

std::string hex(std::string_view bytes) {
  std::string text = "x'";
  for (const char c : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return text + "'";
}

struct NewMessage {
  std::string id = "NULL";  // SQL
  std::string properties = "{}", body = "1";
  int state = 1;
  std::string hash = "right";  // or wrong, or NULL
};

std::string insert(const NewMessage& message) {
  const std::string hash =
      message.hash == "NULL" ? "NULL" : hex(hash128(message.body + (message.hash == "right" ? "" : "?")));
  return fmt::format(
      "INSERT INTO iso_messages(queue, state, created_ms, message_id, properties, body_hash, body) "
      "VALUES('q', {}, 1, {}, '{}', {}, {});",
      message.state, message.id, message.properties, hash, hex(message.body));
}

// Status and key.
std::string brief(const std::string& finding) {
  return finding.substr(0, std::min(finding.find(R"(,"left":)"), finding.find(R"(,"right":)")));
}

struct TwoStores {
  SmallStore left, right;
  test::FakeClock clock;
  ReconcileOptions options{
      .expected = {}, .folder = left.folder.path, .threads = 2, .seed = 9, .clock = clock};
  ReconcileTally tally;
  std::uint64_t read = 0;  // bytes of both sides' texts

  Side side(const SmallStore& store, std::string name) const {
    Side side;
    side.name = std::move(name);
    side.text = std::make_unique<LineFile>(open_store_items(store.url("q")), options.folder);
    side.rows = true;
    side.key = {{"message_id"}};
    side.rule.at({"message_id"}).key = 0;
    ignore_delivery_fields(side.rule);
    side.rule.compared = true;
    return side;
  }

  std::vector<std::string> run(bool hash_pre_pass) {
    const std::atomic<int> stop = 0;
    Side one = side(left, "left"), other = side(right, "right");
    options.hash_pre_pass = hash_pre_pass;
    std::vector<std::string> found;
    tally = reconcile::reconcile(one, other, options, stop, [&found](const Finding& finding) {
      append_finding(found.emplace_back(), finding);
    });
    read = one.text->offset() + other.text->offset();
    return found;
  }

  // As it is, and as it is without a look at the rows before. Large parts are in no order: which of some
  // copies is named first is not said then.
  void check(bool in_order = true) {
    const auto found = run(true);
    const auto told = tally;
    const auto want = run(false);
    REQUIRE(found.size() == want.size());
    for (std::size_t i = 0; i < found.size(); ++i)
      CHECK((in_order ? found[i] == want[i] : brief(found[i]) == brief(want[i])));
    CHECK(told.left == tally.left);
    CHECK(told.right == tally.right);
    CHECK(told.ok == tally.ok);
    CHECK(told.found == tally.found);
  }
};

const char* const kQueue = "INSERT INTO iso_queues VALUES('q', 0);";

void fill(TwoStores& stores, const std::vector<NewMessage>& left, const std::vector<NewMessage>& right) {
  std::string sql = std::string(kQueue) + "BEGIN;";
  for (const auto& message : left) sql += insert(message);
  stores.left.run(sql + "COMMIT");
  sql = std::string(kQueue) + "BEGIN;";
  for (const auto& message : right) sql += insert(message);
  stores.right.run(sql + "COMMIT");
}

std::string id(int number) {
  return "'m" + std::to_string(number) + "'";
}

// Mostly alike, with all that can be wrong with a row.
struct RandomRows {
  std::vector<NewMessage> left, right;

  explicit RandomRows(unsigned seed, int keys) {
    std::mt19937 random(seed);
    const auto one_in = [&](unsigned count) { return random() % count == 0; };
    const char* const bodies[] = {R"({"n":1})", R"({"n":1.0})", "text", "\xff\xfe", R"({"n":2})"};
    const char* const heads[] = {"{}",
                                 R"({"type":"t"})",
                                 R"({"type":"t","headers":{"a":1,"b":2}})",
                                 R"({"headers":{"b":2.0,"a":1},"type":"t"})",
                                 R"({"exchange":"elsewhere"})",
                                 R"({"unheard":1})",
                                 "{"};
    const auto odd = [&](NewMessage& message) {
      if (one_in(12)) message.body = bodies[random() % 5];
      if (one_in(12)) message.properties = heads[random() % 7];
      if (one_in(25)) message.state = static_cast<int>(random() % 4);
      if (one_in(25)) message.hash = one_in(2) ? "wrong" : "NULL";
      if (one_in(40)) message.id = "NULL";
      if (one_in(40)) message.id = id(static_cast<int>(random() % static_cast<unsigned>(keys)));
    };
    for (int key = 0; key < keys; ++key) {
      NewMessage message{id(key), heads[random() % 5], bodies[random() % 5], 1, "right"};
      if (one_in(10)) odd(message);
      auto other = message;
      if (one_in(10)) odd(other);
      for (int copies = one_in(15) ? static_cast<int>(random() % 3) : 1; copies > 0; --copies)
        left.push_back(message);
      for (int copies = one_in(15) ? static_cast<int>(random() % 3) : 1; copies > 0; --copies)
        right.push_back(other);
    }
    std::shuffle(right.begin(), right.end(), random);
  }
};

}  // namespace

TEST_CASE("match_by_hash: random stores have the same findings and counts as without it") {
  for (unsigned seed = 0; seed < 12; ++seed) {
    CAPTURE(seed);
    TwoStores stores;
    const RandomRows rows(seed, 300);
    fill(stores, rows.left, rows.right);
    stores.check();
    CHECK(stores.tally.ok > 100);
  }
}

TEST_CASE("match_by_hash: the same where all keys have one hash, and where nothing fits into memory") {
  const RandomRows rows(99, 400);
  const std::uint64_t in_one_part = ~(std::uint64_t{0xFF} << 56);
  for (const std::uint64_t bits : {std::uint64_t{0}, std::uint64_t{3}, in_one_part, ~std::uint64_t{0}}) {
    TwoStores stores;
    fill(stores, rows.left, rows.right);
    stores.options.key_bits = bits;
    stores.check();
    stores.options.memory = std::size_t{64} * 1024;
    stores.check(false);
    const auto all = stores.read;
    stores.run(true);
    CHECK((stores.read < all / 2) == (bits >= in_one_part));
  }
}

TEST_CASE("match_by_hash: what is alike is not read, and only what is not") {
  TwoStores stores;
  std::vector<NewMessage> rows;
  for (int i = 0; i < 1000; ++i)
    rows.push_back(
        {id(i), R"({"type":"t"})", fmt::format(R"({{"n":{}}})", i), 1, i % 2 == 0 ? "right" : "NULL"});
  fill(stores, rows, {rows.rbegin(), rows.rend()});
  CHECK(stores.run(true).empty());
  CHECK(stores.tally.ok == 1000);
  CHECK(stores.tally.left == 1000);
  CHECK(stores.tally.right == 1000);
  CHECK(stores.read == 0);
  stores.right.run("UPDATE iso_messages SET body = '2', body_hash = NULL WHERE message_id = 'm7'");
  CHECK(stores.run(true).size() == 1);
  CHECK(stores.tally.ok == 999);
  CHECK(stores.read > 0);
  CHECK(stores.read < 300);
  stores.run(false);
  CHECK(stores.read > 100'000);
}

TEST_CASE(
    "match_by_hash: a body that is not what its hash says is found, although both sides say the same of it") {
  TwoStores stores;
  std::vector<NewMessage> rows;
  for (int i = 0; i < 9; ++i) rows.push_back({id(i), "{}", "{\"n\":1}", 1, "right"});
  fill(stores, rows, rows);
  for (const auto* store : {&stores.left, &stores.right})
    store->run("UPDATE iso_messages SET body = '{\"n\":2}' WHERE message_id = 'm4'");
  const auto found = stores.run(true);
  REQUIRE(found.size() == 2);
  CHECK(found[0].find(R"("status":"invalid")") != std::string::npos);
  CHECK(stores.tally.of(Status::invalid) == 2);
  stores.check();
}

TEST_CASE("match_by_hash: where bodies are looked into, or most rows are not alike, all is read") {
  TwoStores stores;
  std::vector<NewMessage> left, right;
  for (int i = 0; i < 100; ++i) {
    left.push_back({id(i), "{}", "1", 1, "right"});
    right.push_back({id(i), "{}", i < 60 ? "1.0" : "1", 1, "right"});
  }
  fill(stores, left, right);
  CHECK(stores.run(true).empty());
  CHECK(stores.tally.ok == 100);
  const auto read = stores.read;
  stores.run(false);
  CHECK(read == stores.read);

  stores.right.run("UPDATE iso_messages SET body = '1', body_hash = NULL");
  const std::atomic<int> stop = 0;
  Budget budget(1 << 20);
  for (const char* place : {"body", "text", "base64"}) {
    Side one = stores.side(stores.left, "left"), other = stores.side(stores.right, "right");
    CHECK(match_by_hash(one, other, {stores.options, budget, 16}, stop) == 100);
    one = stores.side(stores.left, "left"), other = stores.side(stores.right, "right");
    one.rule.at({place, "n"}).ignored = Rule::Ignored::always;
    CHECK(match_by_hash(one, other, {stores.options, budget, 16}, stop) == 0);
  }
}

TEST_CASE("match_by_hash: what comes between the two looks is not lost, and what goes is not there") {
  TwoStores stores;
  std::vector<NewMessage> rows;
  for (int i = 0; i < 20; ++i) rows.push_back({id(i), "{}", "1", i == 3 ? 0 : 1, "right"});
  auto right = rows;
  right.erase(right.begin() + 3);
  right.erase(right.begin() + 5);  // m6
  fill(stores, rows, right);
  bool done = false;
  stores.options.progress = [&](const Side&, std::uint64_t, std::uint64_t) {
    if (std::exchange(done, true)) return;
    stores.left.run(
        "UPDATE iso_messages SET state = 1 WHERE message_id = 'm3'; DELETE FROM iso_messages WHERE "
        "message_id = 'm6'");
    stores.right.run(insert({"'m3'", "{}", "1", 0, "right"}));
  };
  CHECK(stores.run(true).empty());
  CHECK(stores.tally.ok == 19);
  CHECK(stores.tally.left == 19);
  CHECK(done);
}
