#include "store/ledger.h"

#include <doctest/doctest.h>

#include "record/read.h"
#include "support/fake_store.h"

using namespace iso;
using namespace iso::store;
using test::FakeStore;
using test::StoreRow;

namespace {

struct Trial {
  FakeStore store;
  std::unique_ptr<LedgerSink> sink = std::make_unique<LedgerSink>(store.open());
  std::vector<DeliveryResult> results;

  void sent(std::string id, std::string correlation, std::string queue = "q") {
    StoreRow row;
    row.queue = std::move(queue);
    row.message_id = std::move(id);
    row.correlation_id = std::move(correlation);
    store.put(row);
  }
  // Puts answers, and stores them in one go.
  void answer(std::vector<std::string> records) {
    std::vector<Record> kept;
    for (const auto& json : records) kept.push_back(read_record(json));
    for (const Record& record : kept) sink->put(++ticket_, record);
    sink->flush();
    results.clear();
    sink->results(results);
  }
  // "m1 handled, m2 reply": in the order stored.
  std::string ledger() const {
    std::string all;
    for (const auto& row : store.acks()) all += (all.empty() ? "" : ", ") + row.message_id + " " + row.kind;
    return all;
  }

 private:
  Ticket ticket_ = 0;
};

std::string done(std::string_view correlation, std::string_view reply_id = "") {
  return R"({"app_id":"a","correlation_id":")" + std::string(correlation) +
         R"(","body":{"message":"Success"})" +
         (reply_id.empty() ? "" : R"(,"message_id":")" + std::string(reply_id) + "\"") + "}";
}

std::string failed(std::string_view correlation) {
  return R"({"app_id":"a","correlation_id":")" + std::string(correlation) +
         R"(","body":{"message":"Failure","error":"no"}})";
}

}  // namespace

TEST_CASE("ledger: an answer is kept once, and confirmed each time") {
  Trial trial;
  trial.answer({done("c", "r1")});
  trial.answer({done("c", "r1"), failed("c"), done("c", "r2")});
  CHECK(trial.ledger() == "c handled, c rejected");
  CHECK(trial.sink->tally().stored == 2);
  CHECK(trial.sink->tally().known == 2);
  REQUIRE(trial.results.size() == 3);
  for (const auto& result : trial.results) CHECK(result.status == DeliveryStatus::confirmed);
  CHECK(trial.results[2].ticket == 4);
  const auto rows = trial.store.acks();
  CHECK(rows[0].application == "a");
  CHECK(rows[0].reply_id == "r1");
  CHECK_FALSE(rows[0].detail);
  CHECK(rows[1].detail == "no");
  CHECK(trial.store.tidied == 2);
}

TEST_CASE("ledger: what is no answer is rejected, and the rest is stored") {
  Trial trial;
  trial.answer({R"({"body":1})", done("c")});
  REQUIRE(trial.results.size() == 2);
  CHECK(trial.results[0].status == DeliveryStatus::rejected);
  CHECK(trial.results[0].ticket == 1);
  CHECK_FALSE(trial.results[0].reply_text.empty());
  CHECK(trial.ledger() == "c handled");
}

TEST_CASE(
    "ledger: an answer is for the message that it names, else for the one that has its correlation_id") {
  Trial trial;
  trial.sent("m1", "c1");
  trial.sent("m2", "c2");
  trial.answer(
      {R"({"app_id":"a","correlation_id":"c1","headers":{"x-message-id":"named"},"body":{"message":"Success"}})",
       done("c2"), done("c3")});
  CHECK(trial.ledger() == "named handled, m2 handled, c3 handled");
}

TEST_CASE(
    "ledger: of several messages it is for the oldest that is not answered, so none is answered for two") {
  Trial trial;
  for (const char* id : {"m1", "m2", "m3"}) trial.sent(id, "c");
  trial.answer({done("c", "r1"), done("c", "r2")});
  CHECK(trial.ledger() == "m1 handled, m2 handled");
  trial.answer({done("c", "r2")});  // the very answer that m2 had
  CHECK(trial.ledger() == "m1 handled, m2 handled");
  CHECK(trial.sink->tally().known == 1);
  trial.answer({failed("c"), failed("c")});
  CHECK(trial.ledger() == "m1 handled, m2 handled, m3 rejected, m1 rejected");
  trial.answer({failed("c"), failed("c"), failed("c")});
  CHECK(trial.ledger() == "m1 handled, m2 handled, m3 rejected, m1 rejected, m2 rejected");
  trial.answer({R"({"app_id":"b","correlation_id":"c","body":{"message":"Success"}})"});
  CHECK(trial.store.acks().back().message_id == "m1");  // another application answers for itself
}

TEST_CASE("ledger: the queue that the answers lie in does not count") {
  Trial trial;
  trial.sent("m1", "c");
  trial.sent("answer", "c", "answers");
  trial.answer({R"({"app_id":"a","correlation_id":"c","queue":"answers","body":{"message":"Success"}})",
                R"({"app_id":"a","correlation_id":"c","queue":"answers","body":{"message":"Success"}})"});
  CHECK(trial.ledger() == "m1 handled");
}

TEST_CASE("ledger: a message without an id is known by the one that a relay gives it") {
  Trial trial;
  StoreRow row;
  row.correlation_id = "c";
  trial.store.put(row);
  trial.answer({done("c")});
  CHECK(trial.store.acks().at(0).message_id.size() == 32);
}

TEST_CASE("ledger: while another has the store answers wait, and count once") {
  Trial trial;
  CHECK(trial.sink->wait().at_most->count() == 0);
  trial.store.locked = true;
  trial.answer({done("c")});
  CHECK(trial.results.empty());
  CHECK(trial.sink->wait().at_most->count() == 10);
  trial.store.locked = false;
  trial.sink->flush();
  trial.sink->flush();
  trial.sink->results(trial.results);
  CHECK(trial.results.size() == 1);
  CHECK(trial.sink->tally().stored == 1);
  CHECK(trial.sink->wait().at_most->count() == 0);
}

TEST_CASE("ledger: handled stands whatever else is there, rejected says why, and a reply leaves it open") {
  using Standing = LedgerReader::Standing;
  Trial trial;
  LedgerReader reader(trial.store.open());
  CHECK(reader.changed());
  CHECK_FALSE(reader.changed());
  trial.answer({R"({"app_id":"a","correlation_id":"m","body":"hello"})"});
  CHECK(reader.changed());
  CHECK(reader.standing("m", "a").state == Standing::open);
  trial.answer({failed("m")});
  CHECK(reader.standing("m", "a").state == Standing::rejected);
  CHECK(reader.standing("m", "a").why == "no");
  CHECK(reader.standing("m", "b").state == Standing::open);
  CHECK(reader.standing("n", "a").state == Standing::open);
  trial.answer({done("m")});
  CHECK(reader.standing("m", "a").state == Standing::handled);
}
