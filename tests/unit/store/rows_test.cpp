#include "store/rows.h"

#include <doctest/doctest.h>

#include "base/hash.h"
#include "record/read.h"

using namespace iso;
using namespace iso::store;
using namespace std::chrono_literals;

namespace {

StoredRow row_of(std::string_view properties, std::string_view body = "1") {
  StoredRow row;
  row.seq = 7;
  row.created_ms = 5;
  row.properties = properties;
  row.body = body;
  return row;
}

Record read(const StoredRow& row) {
  Record record;
  CHECK(read_row(row, "q", record) == "");
  return record;
}

}  // namespace

TEST_CASE(
    "store rows: a row of an application is a record for its queue, persistent unless it says otherwise") {
  Record want;
  want.exchange = "";
  want.routing_key = "q";
  want.persistent = true;
  want.body = "1";
  want.body_kind = BodyKind::json;
  CHECK(read(row_of("{}")) == want);
  want.persistent = false;
  want.type = "t";
  CHECK(read(row_of(R"({"type":"t","persistent":false,"mandatory":false,"direct_name":"d"})")) == want);
  CHECK(read(row_of("{}", "text")).body_kind == BodyKind::text);
}

TEST_CASE("store rows: columns outweigh what the properties say, and an id that is null there is none") {
  StoredRow row = row_of(R"({"exchange":"a","routing_key":"b","message_id":"c","correlation_id":"d"})");
  Record record = read(row);
  CHECK(record.exchange == "");
  CHECK(record.routing_key == "q");
  CHECK(record.message_id == "c");
  CHECK(record.correlation_id == "d");
  row.exchange = "A";
  row.routing_key = "";
  row.message_id = "C";
  row.correlation_id = "D";
  record = read(row);
  CHECK(record.exchange == "A");
  CHECK(record.routing_key == "");
  CHECK(record.message_id == "C");
  CHECK(record.correlation_id == "D");
  record = read(row_of(R"({"message_id":null,"correlation_id":null})"));
  CHECK_FALSE(record.no_message_id);
  CHECK_FALSE(record.no_correlation_id);
}

TEST_CASE("store rows: a body is held to its hash, if it has one") {
  const std::string hash = hash128("1"), other = hash128("2");
  StoredRow row = row_of("{}");
  row.hash = hash;
  Record record;
  CHECK(read_row(row, "q", record) == "");
  row.hash = other;
  CHECK(read_row(row, "q", record) ==
        "message 7 of queue \"q\" is damaged: its body does not match its hash");
  CHECK(read_row_without_body(row, "q", record) != "");
}

TEST_CASE("store rows: properties that are no record leave the id alone") {
  StoredRow row = row_of("[]");
  row.message_id = "m";
  Record record;
  CHECK(read_row(row, "q", record).starts_with("message 7 of queue \"q\": its properties: "));
  CHECK(record.message_id == "m");
  CHECK(record.body.empty());
  CHECK(why_unreadable("{}") == "");
  CHECK(why_unreadable("[]") != "");
}

TEST_CASE("store rows: a delivery says how often and when") {
  StoredRow row = row_of("{}");
  row.attempts = 3;
  StoredMessage message = read_message(row, "q", 99);
  CHECK(message.seq == 7);
  CHECK(message.attempts == 3);
  CHECK(message.error == "");
  CHECK(message.record.queue == "q");
  CHECK(message.record.redelivered == false);
  CHECK(message.record.delivery_count == 0);
  CHECK(message.record.received_at == 99);
  row.redeliveries = 1;
  message = read_message(row, "q", 99);
  CHECK(message.record.redelivered == true);
  CHECK(message.record.delivery_count == 1);
}

TEST_CASE("store rows: a record is stored with what its columns are for") {
  Record record = read_record(
      R"({"exchange":"x","routing_key":"k","message_id":"m","correlation_id":"c","expiration":"60000","body":1})");
  const NewRow row = new_row("q", record, "p", "h", Expires::yes);
  CHECK(row.queue == "q");
  CHECK(row.exchange == "x");
  CHECK(row.routing_key == "k");
  CHECK(row.message_id == "m");
  CHECK(row.correlation_id == "c");
  CHECK(row.properties == "p");
  CHECK(row.hash == "h");
  CHECK(row.body == "1");
  CHECK(row.time_to_live == 60s);
  CHECK_FALSE(row.key);
  CHECK_FALSE(new_row("q", record, "p", "h", Expires::no).time_to_live);
  const Record empty;
  const NewRow bare = new_row("q", empty, "", "", Expires::yes);
  CHECK(bare.exchange == "");
  CHECK(bare.routing_key == "");
  CHECK_FALSE(bare.message_id);
  CHECK_FALSE(bare.correlation_id);
  CHECK_FALSE(bare.time_to_live);
}

TEST_CASE("store rows: the id that is made for a row is of all that it is, and of nothing else") {
  const StoredRow row = row_of("{}");
  const std::string id = relayed_id("store", row);
  CHECK(id.size() == 32);
  CHECK(relayed_id("other", row) != id);
  const auto changed = [&](auto change) {
    StoredRow other = row;
    change(other);
    return relayed_id("store", other) != id;
  };
  CHECK(changed([](StoredRow& one) { one.seq = 8; }));
  CHECK(changed([](StoredRow& one) { one.created_ms = 6; }));
  CHECK(changed([](StoredRow& one) { one.exchange = "x"; }));
  CHECK(changed([](StoredRow& one) { one.routing_key = "x"; }));
  CHECK(changed([](StoredRow& one) { one.correlation_id = "x"; }));
  CHECK(changed([](StoredRow& one) { one.properties = "[]"; }));
  CHECK(changed([](StoredRow& one) { one.body = "2"; }));
  CHECK_FALSE(changed([](StoredRow& one) { one.attempts = 1; }));
  CHECK_FALSE(changed([](StoredRow& one) { one.redeliveries = 1; }));
  CHECK_FALSE(changed([](StoredRow& one) { one.state = MessageState::dead; }));
}
