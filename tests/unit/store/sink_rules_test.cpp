#include <doctest/doctest.h>

#include "record/read.h"
#include "store/sink.h"
#include "support/errors.h"
#include "support/fake_store.h"

using namespace iso;
using namespace iso::store;
using test::error_of;
using test::FakeStore;
using test::says;

namespace {

struct Trial {
  FakeStore store;
  SinkOptions options;
  std::vector<std::string> told;
  std::vector<Record> records;

  Trial() {
    store.data.exchanges = {{"d", "direct"}, {"t", "topic"}, {"f", "fanout"}, {"h", "headers"}};
    store.data.queues = {{"q", 0}, {"p", 0}};
    store.data.bindings = {{"d", "q", "k", "{}"},       {"t", "q", "a.*", "{}"}, {"t", "p", "a.b", "{}"},
                           {"t", "p", "#", "{}"},       {"f", "q", "", "{}"},    {"f", "p", "", "{}"},
                           {"h", "p", "", R"({"n":1})"}};
    options.notice = [this](std::string_view text) { told.emplace_back(text); };
  }

  std::unique_ptr<StoreSink> open() {
    return std::make_unique<StoreSink>(OpenStore{{}, store.open()}, options);
  }
  // What becomes of one record.
  DeliveryResult put(std::string_view json) {
    const auto sink = open();
    const Record record = read_record(json);
    sink->put(1, record);
    sink->flush();
    std::vector<DeliveryResult> results;
    sink->results(results);
    REQUIRE(results.size() == 1);
    CHECK(results[0].ticket == 1);
    return std::move(results[0]);
  }
  // "p q": where it went.
  std::string queues() const {
    std::string all;
    for (const auto& row : store.rows()) all += (all.empty() ? "" : " ") + row.queue;
    return all;
  }
};

Record record_for(std::string_view queue, std::string body = "1") {
  Record record;
  record.routing_key = queue;
  record.body = std::move(body);
  record.body_kind = BodyKind::text;
  return record;
}

std::size_t known(Sink& sink) {
  std::vector<DeliveryResult> results;
  sink.results(results);
  return results.size();
}

}  // namespace

TEST_CASE("store sink: a message goes to each queue that takes it, once") {
  const struct {
    std::string_view record, queues;
  } rows[] = {
      {R"({"routing_key":"q","body":1})", "q"},
      {R"({"exchange":"d","routing_key":"k","body":1})", "q"},
      {R"({"exchange":"t","routing_key":"a.b","body":1})", "p q"},
      {R"({"exchange":"t","routing_key":"b","body":1})", "p"},
      {R"({"exchange":"f","routing_key":"any","body":1})", "p q"},
      {R"({"exchange":"h","headers":{"n":1},"body":1})", "p"},
      {R"({"exchange":"d","routing_key":"other","mandatory":false,"body":1})", ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.record);
    Trial trial;
    CHECK(trial.put(row.record).status == DeliveryStatus::confirmed);
    CHECK(trial.queues() == row.queues);
  }
}

TEST_CASE("store sink: what has no queue is returned, and so is what names no exchange") {
  for (const char* record :
       {R"({"routing_key":"none","body":1})", R"({"body":1})",
        R"({"exchange":"d","routing_key":"other","body":1})",
        R"({"exchange":"h","headers":{"n":2},"body":1})", R"({"exchange":"h","body":1})"}) {
    CAPTURE(record);
    Trial trial;
    const auto result = trial.put(record);
    CHECK(result.status == DeliveryStatus::returned);
    CHECK(result.reply_code == 312);
    CHECK(result.reply_text == "NO_ROUTE");
    CHECK(trial.queues().empty());
  }
  Trial trial;
  const auto result = trial.put(R"({"exchange":"none","mandatory":false,"body":1})");
  CHECK(result.status == DeliveryStatus::returned);
  CHECK(result.reply_code == 404);
  CHECK(result.reply_text == "NOT_FOUND - no exchange 'none' in fake");
}

TEST_CASE("store sink: a row has all of its record") {
  Trial trial;
  trial.put(R"({"exchange":"d","routing_key":"k","message_id":"m","correlation_id":"c","type":"t",
                "expiration":"60000","body":{"a":1}})");
  const auto row = trial.store.rows().at(0);
  CHECK(row.exchange == "d");
  CHECK(row.routing_key == "k");
  CHECK(row.message_id == "m");
  CHECK(row.correlation_id == "c");
  CHECK(row.properties.find(R"("type":"t")") != std::string::npos);
  CHECK(row.expires_ms == trial.store.now() + 60'000);
  CHECK(row.hash->size() == 16);
  CHECK(row.body == R"({"a":1})");
  CHECK_FALSE(row.key);
}

TEST_CASE("store sink: one queue takes all, made if it is missing, and no exchange is asked") {
  Trial trial;
  trial.options.into = "outbox";
  trial.options.queue = "settings";
  trial.options.exchange = "none";
  trial.options.direct_name = "direct";
  CHECK(trial.put(R"({"exchange":"none","routing_key":"k","body":1})").status == DeliveryStatus::confirmed);
  CHECK(trial.queues() == "outbox");
  CHECK(trial.store.data.queues.contains("outbox"));
  CHECK_FALSE(trial.store.data.queues.contains("settings"));
  CHECK(trial.store.data.exchanges.size() == 4);
  const auto topology = trial.store.data.topology;
  trial.open();
  CHECK(trial.store.data.topology == topology);
}

TEST_CASE("store sink: what the settings name is made if it is missing") {
  Trial trial;
  trial.options.direct_name = "direct";
  trial.options.queue = "new";
  trial.options.exchange = "direct";
  trial.options.routing_key = "k";
  CHECK(trial.put(R"({"exchange":"direct","routing_key":"k","body":1})").status == DeliveryStatus::confirmed);
  CHECK(trial.queues() == "new");
  CHECK(trial.store.data.exchanges.back().type == "direct");
  const auto exchanges = trial.store.data.exchanges.size();
  trial.options.direct_name = "t";
  trial.options.exchange = "";
  trial.open();
  CHECK(trial.store.data.exchanges.size() == exchanges);
  CHECK(trial.store.data.bindings.size() == 8);
}

TEST_CASE("store sink: a queue that is bound to no exchange that is there is a fault of the settings") {
  Trial trial;
  trial.options.queue = "new";
  trial.options.exchange = "none";
  const Error error = error_of([&] { trial.open(); });
  CHECK(error.kind() == ErrorKind::config);
  CHECK(says(error, "fake: NOT_FOUND - no exchange 'none' to bind queue 'new' to"));
  CHECK_FALSE(trial.store.data.queues.contains("new"));
  trial.options.exchange = "d";
  trial.open();
  CHECK(trial.store.data.queues.contains("new"));
  CHECK(trial.store.data.bindings.back().exchange == "d");
}

TEST_CASE("store sink: nothing is known before it is stored, and 4 MiB are stored at once") {
  Trial trial;
  const auto sink = trial.open();
  const Record small = record_for("q"), large = record_for("q", std::string((4 << 20) - 2, 'x'));
  sink->put(1, small);
  CHECK(trial.store.rows().empty());
  sink->put(2, large);
  CHECK(trial.store.rows().empty());
  CHECK(known(*sink) == 0);
  sink->put(3, small);
  CHECK(trial.store.rows().size() == 3);
  CHECK(known(*sink) == 3);
  CHECK(known(*sink) == 0);
  sink->put(4, small);
  CHECK(trial.store.rows().size() == 3);
  sink->flush();
  sink->flush();
  CHECK(trial.store.rows().size() == 4);
  CHECK(trial.store.tidied == 2);
}

TEST_CASE("store sink: what changed since it looked is heeded") {
  Trial trial;
  const auto sink = trial.open();
  const Record record = record_for("new");
  sink->put(1, record);
  sink->flush();
  trial.store.open()->make({{}, {"new"}, "", {}});
  sink->put(2, record);
  sink->flush();
  std::vector<DeliveryResult> results;
  sink->results(results);
  REQUIRE(results.size() == 2);
  CHECK(results[0].status == DeliveryStatus::returned);
  CHECK(results[1].status == DeliveryStatus::confirmed);
  CHECK(trial.queues() == "new");
}

TEST_CASE("store sink: while another has the store all waits, and is stored once") {
  Trial trial;
  const auto sink = trial.open();
  const Record record = record_for("q");
  CHECK(sink->wait().at_most->count() == 0);
  trial.store.locked = true;
  sink->put(1, record);
  sink->flush();
  sink->flush();
  CHECK(known(*sink) == 0);
  CHECK(sink->wait().at_most->count() == 10);
  trial.store.locked = false;
  sink->flush();
  CHECK(known(*sink) == 1);
  CHECK(trial.store.rows().size() == 1);
  CHECK(sink->wait().at_most->count() == 0);
}

TEST_CASE("store sink: an inbox takes each message once, by its own key, and a conflict is told once") {
  Trial trial;
  trial.store.data.inboxes = {{"q", "/body/id"}, {"p", ""}};
  const char* const one = R"({"exchange":"f","message_id":"m","body":{"id":7,"n":1}})";
  trial.put(one);
  trial.put(one);
  CHECK(trial.queues() == "p q");
  CHECK(trial.store.rows()[0].key == "m");
  CHECK(trial.store.rows()[1].key == "/body/id=7");
  CHECK(trial.store.rows()[1].duplicates == 1);
  CHECK(trial.told.empty());
  const char* const other = R"({"routing_key":"q","message_id":"n","body":{"id":7,"n":2}})";
  CHECK(trial.put(other).status == DeliveryStatus::confirmed);
  CHECK(trial.put(other).status == DeliveryStatus::confirmed);
  CHECK(trial.told == std::vector<std::string>{"conflict: a message with the key \"/body/id=7\" and other "
                                               "content arrived; it is kept in fake"});
}

TEST_CASE("store sink: what could not be read again is rejected, and the rest is stored") {
  Trial trial;
  const auto sink = trial.open();
  Record bad = record_for("q");
  bad.expiration = "soon";
  const Record good = record_for("q");
  sink->put(1, bad);
  sink->put(2, good);
  sink->flush();
  std::vector<DeliveryResult> results;
  sink->results(results);
  REQUIRE(results.size() == 2);
  CHECK(results[0].status == DeliveryStatus::rejected);
  CHECK(results[0].reply_text.starts_with("it could not be read again from a store: "));
  CHECK(results[1].status == DeliveryStatus::confirmed);
  CHECK(trial.queues() == "q");
}

TEST_CASE("store sink: a body that is larger than --max-message is rejected, and not stored") {
  Trial trial;
  trial.options.max_message = 3;
  CHECK(trial.put(R"({"exchange":"f","text":"abc"})").status == DeliveryStatus::confirmed);
  const auto result = trial.put(R"({"exchange":"f","text":"abcd"})");
  CHECK(result.status == DeliveryStatus::rejected);
  CHECK(result.reply_text == "its body has 4 bytes, and --max-message is 3");
  CHECK(trial.queues() == "p q");
}
