#include "store/view.h"

#include <doctest/doctest.h>
#include <filesystem>

#include "base/file.h"
#include "store/rows.h"
#include "store/source.h"
#include "support/errors.h"
#include "support/small_store.h"

using namespace iso;
using namespace iso::store;
using test::error_of;
using test::says;
using test::SmallStore;

namespace {

std::vector<StoreView::Row> rows_of(StoreView& view, std::string_view queue) {
  std::vector<StoreView::Row> rows;
  const auto last = view.last_seq();
  for (std::int64_t after = 0; after < last;)
    after = view.page(queue, after, last, [&](const StoreView::Row& row) {
      rows.push_back(row);
      return true;
    });
  return rows;
}

// "m1: billing handled, shop reply".
std::vector<std::string> ledger_of(StoreView& view, std::size_t messages_a_page) {
  std::vector<std::string> lines;
  std::optional<std::string> after;
  for (bool more = true; more;) {
    std::size_t left = messages_a_page;
    more = view.ledger_page(after, [&](const StoreView::Answers& answers) {
      std::string line = answers.message_id + ":";
      for (const auto& [application, kind] : answers.by_application) line += " " + application + " " + kind;
      lines.push_back(line);
      return --left != 0;
    });
  }
  return lines;
}

}  // namespace

TEST_CASE("store view: the rows of one queue come in whatever state, in the order they were stored") {
  const SmallStore store(R"(
    INSERT INTO iso_messages(queue, state, created_ms, message_id, routing_key, properties, body) VALUES
      ('q', 0, 11, 'a', 'k', '{"type":"t","redelivered":true,"received_at":"2024-01-01T00:00:00Z"}', '{"n": 1.0}'),
      ('other', 0, 12, 'x', NULL, '{}', '1'), ('q', 1, 13, 'b', NULL, '{}', x'ff00'),
      ('q', 2, 14, 'c', NULL, '{}', 'text'), ('q', 3, 15, 'c', NULL, '{}', ''))");
  StoreView view(store.url());
  const auto rows = rows_of(view, "q");
  REQUIRE(rows.size() == 4);
  CHECK(rows[0].seq == 1);
  CHECK(rows[1].seq == 3);
  CHECK(rows[0].created_ms == 11);
  CHECK(rows[3].created_ms == 15);
  const MessageState states[] = {MessageState::ready, MessageState::done, MessageState::dead,
                                 MessageState::conflict};
  for (std::size_t i = 0; i < 4; ++i) CHECK(rows[i].state == states[i]);

  Record want;
  want.exchange = "";
  want.routing_key = "k";
  want.message_id = "a";
  want.type = "t";
  want.persistent = true;
  want.body = "{\"n\": 1.0}";
  want.body_kind = BodyKind::json;
  CHECK(rows[0].record == want);
  CHECK(rows[1].record.routing_key == "q");
  CHECK(rows[1].record.body == std::string("\xff\0", 2));
}

TEST_CASE("store view: a row is skimmed without a record of its body, and held to its hash all the same") {
  const SmallStore store(R"(
    INSERT INTO iso_messages(queue, message_id, properties, body_hash, body) VALUES
      ('q', 'a', '{"type":"t"}', NULL, '{"n": 1.0}'), ('q', 'b', '{}', x'00', '1'), ('q', 'c', '{"typ":1}', NULL, '1'))");
  StoreView view(store.url());
  std::vector<std::string> seen;
  const auto see = [&](const StoreView::Row& row) {
    CHECK(row.record.body.empty());
    seen.push_back(std::string(row.body) +
                   (row.error.empty() ? "" : " " + row.error.substr(row.error.find("\"q\""))));
    return true;
  };
  view.page("q", 0, 3, see, StoreView::Body::skimmed);
  REQUIRE(seen.size() == 3);
  CHECK(seen[0] == R"({"n": 1.0})");
  CHECK(seen[1].find("is damaged") != std::string::npos);
  CHECK(seen[2].find("its properties") != std::string::npos);
}

TEST_CASE("store view: one row is given by its number, if it is there and of that queue") {
  const SmallStore store(
      "INSERT INTO iso_messages(queue, message_id, body) VALUES ('q', 'a', '1'), ('other', 'b', '2')");
  StoreView view(store.url());
  std::vector<std::string> bodies;
  for (const std::int64_t seq : {0, 1, 2, 3})
    view.row("q", seq, [&](const StoreView::Row& row) { return bodies.push_back(row.record.body), true; });
  CHECK(bodies == std::vector<std::string>{"1"});
}

TEST_CASE("store view: a message without an id has the one that a relay gives it") {
  const SmallStore store(
      "INSERT INTO iso_queues(name) VALUES('q');"
      "INSERT INTO iso_messages(queue, body) VALUES('other', '0'), ('q', '1')");
  StoreView view(store.url());
  const auto rows = rows_of(view, "q");
  REQUIRE(rows.size() == 1);

  SourceOptions options;
  options.queue = "q";
  options.relay = true;
  std::vector<Delivery> taken;
  StoreSource(store.url("q"), options).take(1, taken);
  REQUIRE(taken.size() == 1);
  REQUIRE(taken[0].record.message_id);
  CHECK(rows[0].record.message_id == taken[0].record.message_id);
}

TEST_CASE("store view: a row that is damaged is given with what is wrong, and the rows after it too") {
  const SmallStore store(R"(
    INSERT INTO iso_messages(queue, properties, body_hash, body) VALUES
      ('q', '{"type":1}', NULL, '1'), ('q', '{}', x'00', '2'), ('q', '{}', NULL, '3'))");
  StoreView view(store.url());
  const auto rows = rows_of(view, "q");
  REQUIRE(rows.size() == 3);
  CHECK(rows[0].error.starts_with("message 1 of queue \"q\": its properties: "));
  CHECK(rows[1].error.starts_with("message 2 of queue \"q\" is damaged: its body does not match its hash"));
  CHECK(rows[1].seq == 2);
  CHECK(rows[2].error.empty());
  CHECK(rows[2].record.body == "3");
}

TEST_CASE("store view: the only queue needs no name, one of several does, and what is not there is named") {
  const SmallStore store("INSERT INTO iso_queues(name, owner) VALUES('outbox', 0), ('iso.gen-1', 5)");
  StoreView view(store.url());
  CHECK(view.queue_of(store.url()) == "outbox");
  CHECK(view.queue_of(store.url("iso.gen-1")) == "iso.gen-1");

  store.run("INSERT INTO iso_messages(queue, body) VALUES('inserted', '1')");
  CHECK(view.queue_of(store.url("inserted")) == "inserted");
  const Error several = error_of([&] { view.queue_of(store.url()); });
  CHECK(several.kind() == ErrorKind::usage);
  CHECK(says(several, "#QUEUE; there are inserted, outbox"));
  const Error none = error_of([&] { view.queue_of(store.url("nope")); });
  CHECK(none.kind() == ErrorKind::missing);
  CHECK(says(none, "no queue \"nope\""));
  CHECK(says(none, "there are inserted, outbox"));

  const SmallStore empty;
  CHECK(error_of([&] { StoreView(empty.url()).queue_of(empty.url()); }).kind() == ErrorKind::missing);
}

TEST_CASE("store view: a file that is missing is not made, and one that is no store is refused") {
  const test::Folder folder;
  Url url;
  url.scheme = "sqlite";
  url.path = folder.path + "/none.db";
  CHECK(error_of([&] { StoreView view(url); }).kind() == ErrorKind::missing);
  CHECK_FALSE(std::filesystem::exists(url.path));

  { sqlite::Database(url.path, sqlite::Database::Open::create).execute("CREATE TABLE theirs(a)"); }
  CHECK(error_of([&] { StoreView view(url); }).kind() == ErrorKind::io);
  url.path = "/dev/null";
  CHECK(error_of([&] { StoreView view(url); }).kind() == ErrorKind::io);
}

TEST_CASE("store view: looking leaves the files as they were, also a store of version 1") {
  SmallStore store(
      "INSERT INTO iso_messages(queue, message_id, body) VALUES('q', 'm', '1'), ('q', NULL, '2');"
      "INSERT INTO iso_owners VALUES(7); INSERT INTO iso_claims VALUES(1, 7)");
  SUBCASE("of today") {}
  SUBCASE("of version 1") {
    store.run(
        "ALTER TABLE iso_messages DROP COLUMN duplicates; ALTER TABLE iso_messages DROP COLUMN not_before_ms;"
        "DELETE FROM iso_meta WHERE name = 'store_id'; UPDATE iso_meta SET value = 1 WHERE name = 'version'");
  }
  std::filesystem::remove(store.path() + "-owners");
  const std::string before = read_file(store.path());
  {
    StoreView view(store.url());
    const auto rows = rows_of(view, view.queue_of(store.url()));
    REQUIRE(rows.size() == 2);
    CHECK(rows[0].record.message_id == "m");
  }
  CHECK(read_file(store.path()) == before);
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(store.folder.path))
    files += entry.exists() ? 1U : 0U;
  CHECK(files == 1);
}

TEST_CASE("store view: what is in the log of someone who died is seen, and stays in the log") {
  SmallStore store;
  const std::string copy = store.folder.path + "/copy.db";
  {
    sqlite::Database writer(store.path(), sqlite::Database::Open::existing);
    writer.execute("INSERT INTO iso_messages(queue, message_id, body) VALUES('q', 'm', '1')");
    for (const char* part : {"", "-wal"}) std::filesystem::copy_file(store.path() + part, copy + part);
  }
  Url url = store.url();
  url.path = copy;
  const std::string before = read_file(copy), log = read_file(copy + "-wal");
  {
    StoreView view(url);
    CHECK(rows_of(view, "q").size() == 1);
  }
  CHECK(read_file(copy) == before);
  CHECK(read_file(copy + "-wal") == log);
}

TEST_CASE("store view: a page ends when its reader says so, and the next goes on after it") {
  const SmallStore store(
      "INSERT INTO iso_messages(seq, queue, body) VALUES(1, 'q', '1'), (2, 'q', '2'), (3, 'o', '3'), "
      "(1000000000000, 'q', '4')");
  StoreView view(store.url());
  CHECK(view.first_seq() == 1);
  const auto last = view.last_seq();
  CHECK(last == 1'000'000'000'000);
  std::vector<std::string> bodies;
  std::size_t pages = 0;
  for (std::int64_t after = 0; after < last; ++pages)
    after = view.page("q", after, last, [&](const StoreView::Row& row) {
      bodies.push_back(row.record.body);
      return false;
    });
  CHECK(bodies == std::vector<std::string>{"1", "2", "4"});
  CHECK(pages <= 4);  // nobody counts through a gap
  CHECK(view.page("q", 1, 2, [](const StoreView::Row& row) { return row.seq == 2; }) == 2);
}

TEST_CASE("store view: who looks at a store keeps nobody from emptying its log") {
  const SmallStore store;
  sqlite::Database writer(store.path(), sqlite::Database::Open::existing, std::chrono::milliseconds(0));
  writer.execute("INSERT INTO iso_messages(queue, body) VALUES('q', '1'), ('q', '2')");
  StoreView view(store.url());
  const auto after = view.page("q", 0, 2, [](const StoreView::Row&) { return false; });
  writer.execute("INSERT INTO iso_messages(queue, body) VALUES('q', '3')");
  CHECK(writer.integer("PRAGMA wal_checkpoint(TRUNCATE)") == 0);
  CHECK(std::filesystem::file_size(store.path() + "-wal") == 0);
  CHECK(after == 1);
  CHECK(view.has_rows("q", 2));
  CHECK_FALSE(view.has_rows("q", 3));
}

TEST_CASE("store view: of what an application answered, handled outweighs rejected, stored and a reply") {
  const SmallStore store(R"(INSERT INTO iso_acks(message_id, application, kind, at_ms) VALUES
    ('m1', 'billing', 'rejected', 5), ('m1', 'billing', 'handled', 4), ('m1', 'shop', 'reply', 9),
    ('', 'shop', 'stored', 1), ('m2', 'shop', 'reply', 1), ('m2', 'shop', 'stored', 2), ('m2', 'shop', 'rejected', 3))");
  StoreView view(store.url());
  const std::vector<std::string> want{": shop stored", "m1: billing handled shop reply", "m2: shop rejected"};
  CHECK(ledger_of(view, 1) == want);
  CHECK(ledger_of(view, 100) == want);
  view.ledger_page(*std::make_unique<std::optional<std::string>>("m0"),
                   [](const StoreView::Answers& answers) {
                     CHECK(answers.last_ms == 9);
                     return false;
                   });
  const auto version = view.version();
  CHECK(view.version() == version);
  store.run("DELETE FROM iso_acks");
  CHECK(view.version() != version);
  CHECK(ledger_of(view, 1).empty());
}

TEST_CASE(
    "store view: counts what is ready, claimed, resting, dead and in conflict, and tells the oldest age") {
  const SmallStore store(R"(
    INSERT INTO iso_queues(name) VALUES('q'), ('empty');
    INSERT INTO iso_messages(seq, queue, state, body) VALUES(1, 'q', 1, ''), (2, 'q', 2, ''), (3, 'q', 2, ''),
      (4, 'q', 3, ''), (5, 'q', 0, ''), (6, 'q', 0, ''), (7, 'other', 0, '');
    INSERT INTO iso_messages(seq, queue, created_ms, expires_ms, body) VALUES(8, 'q', 1000, 2000, ''),
      (9, 'q', CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) - 3600000, 9e15, '');
    INSERT INTO iso_messages(seq, queue, not_before_ms, body) VALUES
      (10, 'q', CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) + 50000, ''),
      (11, 'q', CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) + 990000, ''))");
  StoreView view(store.url());
  const auto counts = view.counts("q");
  CHECK(counts.ready == 4);  // 5, 6, 9, and 11, which met a clock that jumped
  CHECK(counts.claimed == 0);
  CHECK(counts.resting == 1);
  CHECK(counts.dead == 3);  // and 8, which has expired
  CHECK(counts.conflict == 1);
  REQUIRE(counts.oldest);
  CHECK(*counts.oldest >= std::chrono::hours(1));
  CHECK(*counts.oldest < std::chrono::hours(2));
  CHECK(view.counts("empty").ready == 0);
  CHECK_FALSE(view.counts("empty").oldest);
}

TEST_CASE("store view: what a listener has is claimed while it lives, and ready when it is gone") {
  const SmallStore store("INSERT INTO iso_messages(queue, body) VALUES('q', '1'), ('q', '2')");
  StoreView view(store.url());
  {
    SourceOptions options;
    options.queue = "q";
    const auto listener = open_store_source(store.url(), options);
    std::vector<Delivery> out;
    listener->take(1, out);
    CHECK(view.counts("q").claimed == 1);
    CHECK(view.counts("q").ready == 1);
  }
  store.run("INSERT INTO iso_claims(seq, owner) VALUES(1, 77)");  // of one who was killed
  CHECK(view.counts("q").claimed == 0);
  CHECK(view.counts("q").ready == 2);
}
