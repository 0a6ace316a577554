#include <doctest/doctest.h>

#include "base/sqlite.h"
#include "record/read.h"
#include "store/source.h"
#include "support/errors.h"
#include "support/small_store.h"

using namespace iso;
using namespace iso::store;
using test::error_of;
using test::says;
using test::SmallStore;

namespace {

SourceOptions relay_options() {
  SourceOptions options;
  options.queue = "outbox";
  options.relay = true;
  return options;
}

std::vector<Delivery> relay(const Url& url, Disposition how = Disposition::ack) {
  StoreSource source(url, relay_options());
  std::vector<Delivery> taken;
  for (int turn = 0; turn < 5; ++turn) {
    source.take(100, taken);
    source.poll_now();
  }
  for (const Delivery& one : taken)
    source.settle(one.ticket, one.bad_input ? Disposition::dead_letter : how,
                  one.bad_input ? one.bad_input->why : "");
  source.flush();
  CHECK(source.drained() == (how == Disposition::ack));
  return taken;
}

std::string text_in(const SmallStore& store, std::string_view sql) {
  sqlite::Database database(store.path(), sqlite::Database::Open::existing);
  auto row = database.query(sql);
  return row.step() ? std::string(row.text(0)) : "";
}

}  // namespace

TEST_CASE("relay: a row that cannot be read is dead with the reason, and the rest go") {
  for (const char* properties : {R"({"tenant":"x"})", "", "null", R"({"priority":300})",
                                 R"({"expiration":"x"})", R"([])", R"({"headers":1})"}) {
    CAPTURE(properties);
    const SmallStore store(
        "INSERT INTO iso_messages(queue, message_id, properties, body) VALUES('outbox', 'a', '{}', '1'), "
        "('outbox', 'b', '" +
        std::string(properties) + "', '2'), ('outbox', 'c', '{}', '3')");
    const auto taken = relay(store.url());
    REQUIRE(taken.size() == 3);
    CHECK_FALSE(taken[0].bad_input);
    REQUIRE(taken[1].bad_input);
    CHECK(taken[1].bad_input->number == 0);
    CHECK(taken[1].record.message_id == "b");
    CHECK(taken[2].record.body == "3");
    CHECK(text_in(store, "SELECT group_concat(state) FROM iso_messages") == "1,2,1");
    CHECK(text_in(store, "SELECT last_error FROM iso_messages WHERE state = 2").find("its properties") !=
          std::string::npos);
  }
}

TEST_CASE("relay: a row whose body is damaged is dead with the reason, and the rest go") {
  const SmallStore store(
      "INSERT INTO iso_messages(queue, body_hash, body) VALUES('outbox', x'00', '1'), ('outbox', NULL, '2')");
  const auto taken = relay(store.url());
  REQUIRE(taken.size() == 2);
  REQUIRE(taken[0].bad_input);
  CHECK(taken[0].bad_input->why.find("does not match its hash") != std::string::npos);
  CHECK(taken[1].record.body == "2");
}

TEST_CASE("relay: what expired before it was sent is dead and given as such, with the reason") {
  const SmallStore store(
      "INSERT INTO iso_messages(queue, message_id, expires_ms, body) VALUES('outbox', 'late', 5, '1'), "
      "('outbox', 'good', 9000000000000, '2')");
  const auto taken = relay(store.url());
  REQUIRE(taken.size() == 2);
  REQUIRE(taken[0].bad_input);
  CHECK(taken[0].bad_input->why.starts_with("expired: message late of queue \"outbox\""));
  CHECK(taken[1].record.message_id == "good");
  CHECK(text_in(store, "SELECT last_error FROM iso_messages WHERE state = 2").starts_with("expired"));
}

TEST_CASE("store: a listener's queue drops what is too old, as a broker's does") {
  const SmallStore store(
      "INSERT INTO iso_messages(queue, expires_ms, body) VALUES('outbox', 5, '1'), ('outbox', NULL, '2')");
  SourceOptions options;
  options.queue = "outbox";
  StoreSource source(store.url(), options);
  std::vector<Delivery> taken;
  source.take(10, taken);
  REQUIRE(taken.size() == 1);
  CHECK(taken[0].record.body == "2");
  CHECK(text_in(store, "SELECT last_error FROM iso_messages WHERE seq = 1") == "expired");
}

TEST_CASE("store: a time to live is read as RabbitMQ reads it") {
  CHECK(expiration_ms("60000") == 60'000);
  CHECK(expiration_ms("+60000") == 60'000);
  CHECK(expiration_ms("0060") == 60);
  CHECK(expiration_ms("-0") == 0);
  for (const char* text : {"", "+", "-1", "1.5", "60000x", " 1", "++1", "4294967296"}) {
    CAPTURE(text);
    CHECK_FALSE(expiration_ms(text));
  }
  const SmallStore store;
  SinkOptions options;
  options.into = "outbox";
  Record record;
  record.expiration = "+60000";
  record.body = "1";
  auto sink = open_store_sink(store.url(), options);
  sink->put(1, record);
  sink->flush();
  CHECK(text_in(store, "SELECT expires_ms - created_ms FROM iso_messages") == "60000");
  const auto taken = relay(store.url());
  REQUIRE(taken.size() == 1);
  CHECK_FALSE(taken[0].bad_input);
  CHECK(taken[0].record.expiration == "+60000");
}

TEST_CASE("relay: the id that it makes is the same each time, and another's in a store that was restored") {
  const auto made = [](std::string_view rows) {
    const SmallStore store("UPDATE iso_meta SET value = 'one' WHERE name = 'store_id';" + std::string(rows));
    const auto first = relay(store.url(), Disposition::requeue);
    store.run("UPDATE iso_messages SET not_before_ms = 0");
    const auto again = relay(store.url());
    REQUIRE(first.size() == 1);
    REQUIRE(again.size() == 1);
    CHECK(first[0].record.message_id == again[0].record.message_id);
    return *first[0].record.message_id;
  };
  const std::string id = made("INSERT INTO iso_messages(queue, created_ms, body) VALUES('outbox', 10, '1')");
  CHECK(id.size() == 32);
  CHECK(id == made("INSERT INTO iso_messages(queue, created_ms, body) VALUES('outbox', 10, '1')"));
  CHECK(id != made("INSERT INTO iso_messages(queue, created_ms, body) VALUES('outbox', 11, '1')"));
  CHECK(id != made("INSERT INTO iso_messages(queue, created_ms, body) VALUES('outbox', 10, '2')"));
  CHECK(
      id !=
      made("INSERT INTO iso_messages(queue, created_ms, routing_key, body) VALUES('outbox', 10, 'k', '1')"));
}

TEST_CASE("relay: takes a queue that has rows, and makes one in an adopted database") {
  const SmallStore store;
  const Error error = error_of([&] { StoreSource(store.url(), relay_options()); });
  CHECK(error.kind() == ErrorKind::missing);
  CHECK(says(error, "adopt=yes#outbox"));
  CHECK_FALSE(says(error, "listen"));
  store.run("INSERT INTO iso_messages(queue, body) VALUES('outbox', '1')");
  CHECK(relay(store.url()).size() == 1);

  const test::Folder folder;
  Url url = parse_url("sqlite:" + folder.path + "/new.db?adopt=yes#outbox");
  CHECK(relay(url).empty());
  sqlite::Database(url.path, sqlite::Database::Open::existing)
      .execute("INSERT INTO iso_messages(queue, body) VALUES('outbox', '1')");
  CHECK(relay(url).size() == 1);
}

TEST_CASE(
    "relay: what its far side refuses is no failed attempt, rests, and is not waited for without more to "
    "follow") {
  for (const bool only_present : {false, true}) {
    CAPTURE(only_present);
    const SmallStore store("INSERT INTO iso_messages(queue, body) VALUES('outbox', '1')");
    SourceOptions options = relay_options();
    options.max_attempts = 1;
    options.only_present = only_present;
    StoreSource source(store.url(), options);
    std::vector<Delivery> taken;
    for (int turn = 0; turn < 5; ++turn) source.take(100, taken);
    REQUIRE(taken.size() == 1);
    CHECK(source.settle(1, Disposition::postpone, "full") != only_present);
    source.flush();
    CHECK(source.drained() == only_present);
    CHECK(text_in(store,
                  "SELECT state || ' ' || attempts || ' ' || (not_before_ms > 0) || ' ' || last_error "
                  "FROM iso_messages") == "0 0 1 full");
    store.run("INSERT INTO iso_messages(queue, body) VALUES('outbox', '2')");
    CHECK_FALSE(source.drained());
  }
}
