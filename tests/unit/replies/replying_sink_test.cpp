#include "replies/replying_sink.h"

#include <doctest/doctest.h>

#include "record/read.h"
#include "support/errors.h"
#include "support/fakes.h"

using namespace iso;
using namespace iso::replies;

namespace {

// Returns the results that the test puts into `next`.
class Handler final : public Sink {
 public:
  void put(Ticket ticket, const Record&) override { puts.push_back(ticket); }
  void flush() override { ++flushes; }
  void results(std::vector<DeliveryResult>& out) override {
    std::move(next.begin(), next.end(), std::back_inserter(out));
    next.clear();
    if (broken) throw Error(ErrorKind::data, "no answer");
  }
  Wait wait() const override { return {}; }
  bool closed() const override { return gone; }

  std::vector<Ticket> puts;
  std::vector<DeliveryResult> next;
  bool broken = false, gone = false;
  int flushes = 0;
};

// Ticket 1 has a reply_to and ids, ticket 2 has none.
struct Trial {
  std::vector<Record> requests{
      read_record(R"({"reply_to":"callers","correlation_id":"c1","message_id":"m1","body":1})"),
      read_record(R"({"message_id":"m2","body":2})")};
  std::vector<std::string> notices;
  Handler* handler = nullptr;
  test::FakeSink* replies = nullptr;
  std::unique_ptr<ReplyingSink> sink;

  Trial(bool reply, std::string confirm_as) {
    auto its_handler = std::make_unique<Handler>();
    auto its_replies = std::make_unique<test::FakeSink>();
    handler = its_handler.get();
    replies = its_replies.get();
    sink = std::make_unique<ReplyingSink>(
        std::move(its_handler), std::move(its_replies),
        ReplyingOptions{reply, std::move(confirm_as),
                        [this](std::string_view text) { notices.emplace_back(text); }});
    sink->put(1, requests[0]);
    sink->put(2, requests[1]);
  }

  void answer(Ticket ticket, DeliveryStatus status, const char* reply = nullptr, std::string why = "") {
    DeliveryResult result{ticket, status, 0, std::move(why)};
    if (reply) result.reply = std::make_unique<Record>(read_record(reply));
    handler->next.push_back(std::move(result));
  }

  std::vector<DeliveryResult> results() {
    std::vector<DeliveryResult> out;
    sink->results(out);
    return out;
  }
};

constexpr const char* kSuccess = R"({"correlation_id":"c1","application_name":"shop","message":"Success"})";
constexpr const char* kFailure =
    R"({"correlation_id":"c1","application_name":"shop","message":"Failure","error":"no stock"})";

}  // namespace

TEST_CASE("replying: a record gets its result only after its answer is confirmed") {
  Trial trial(true, "");
  trial.replies->answers = false;
  trial.answer(1, DeliveryStatus::confirmed, R"({"body":"yes"})");
  CHECK(trial.results().empty());
  CHECK(trial.replies->put_order == std::vector<std::string>{"\"yes\""});
  CHECK(trial.results().empty());
  trial.replies->answers = true;
  const auto results = trial.results();
  REQUIRE(results.size() == 1);
  CHECK(results[0].ticket == 1);
  CHECK(results[0].status == DeliveryStatus::confirmed);
  CHECK(trial.sink->tally().sent == 1);
}

TEST_CASE("replying: a nacked answer defers the record") {
  Trial trial(true, "shop");
  trial.replies->statuses = {{kSuccess, DeliveryStatus::nacked}};
  trial.answer(1, DeliveryStatus::confirmed, R"({"body":"yes"})");
  trial.results();
  const auto results = trial.results();
  REQUIRE(results.size() == 1);
  CHECK(results[0].status == DeliveryStatus::deferred);
  CHECK(results[0].reply_text == "its answer to callers was not delivered: NO_ROUTE");
  CHECK(trial.sink->tally().sent == 1);  // the reply itself
}

TEST_CASE("replying: a returned answer is reported and counted, and the record keeps its result") {
  for (const DeliveryStatus status : {DeliveryStatus::confirmed, DeliveryStatus::rejected}) {
    Trial trial(false, "shop");
    trial.replies->statuses = {{kSuccess, DeliveryStatus::returned}, {kFailure, DeliveryStatus::returned}};
    trial.answer(1, status, nullptr, "no stock");
    trial.results();
    const auto results = trial.results();
    REQUIRE(results.size() == 1);
    CHECK(results[0].status == status);
    CHECK(results[0].reply_text == "no stock");
    CHECK(trial.sink->tally().undelivered == 1);
    CHECK(trial.notices == std::vector<std::string>{
                               "the answer with correlation_id c1 to callers was returned: NO_ROUTE (312)"});
  }
}

TEST_CASE("replying: which statuses are confirmed, and to whom") {
  const struct {
    DeliveryStatus status;
    std::vector<std::string> answers;
  } rows[] = {{DeliveryStatus::confirmed, {kSuccess}},
              {DeliveryStatus::rejected, {kFailure}},
              {DeliveryStatus::deferred, {}},
              {DeliveryStatus::untried, {}},
              {DeliveryStatus::unconfirmed, {}}};
  for (const auto& row : rows) {
    CAPTURE(static_cast<int>(row.status));
    Trial trial(true, "shop");
    trial.answer(1, row.status, nullptr, "no stock");
    CHECK(trial.results().size() == (row.answers.empty() ? 1 : 0));
    CHECK(trial.replies->put_order == row.answers);
    CHECK(trial.notices.empty());
  }
}

TEST_CASE("replying: a reply and a confirmation are both sent and both awaited") {
  Trial trial(true, "shop");
  trial.replies->answers = false;
  trial.answer(1, DeliveryStatus::confirmed, R"({"body":"yes"})");
  trial.results();
  CHECK(trial.replies->put_order == std::vector<std::string>{"\"yes\"", kSuccess});
  trial.replies->answers = true;
  CHECK(trial.results().size() == 1);
  CHECK(trial.sink->tally().sent == 2);
}

TEST_CASE(
    "replying: without a reply_to nothing is sent, which is reported, unless the reply has a destination") {
  Trial trial(true, "shop");
  trial.answer(2, DeliveryStatus::confirmed, R"({"body":"yes"})");
  CHECK(trial.results().size() == 1);
  CHECK(trial.replies->put_order.empty());
  CHECK(trial.notices == std::vector<std::string>{"message m2 has no reply_to; no answer is sent"});

  Trial routed(true, "");
  routed.answer(2, DeliveryStatus::confirmed, R"({"routing_key":"log","body":"yes"})");
  CHECK(routed.results().empty());
  CHECK(routed.replies->put_order == std::vector<std::string>{"\"yes\""});
  CHECK(routed.notices.empty());
}

TEST_CASE("replying: if the handler fails, records that it answered get their results first") {
  Trial trial(true, "");
  trial.replies->answers = false;
  trial.answer(1, DeliveryStatus::confirmed, R"({"body":"yes"})");
  trial.handler->broken = true;
  CHECK(trial.results().empty());
  trial.sink->put(3, trial.requests[0]);
  CHECK(trial.results().empty());
  CHECK(trial.handler->puts == std::vector<Ticket>{1, 2});
  trial.replies->answers = true;
  CHECK(trial.results().size() == 1);
  CHECK(test::says(test::error_of([&] { trial.results(); }), "no answer"));
}

TEST_CASE("replying: after the handler closed, the sink closes once its answers have their results") {
  Trial trial(false, "shop");
  trial.replies->answers = false;
  trial.answer(1, DeliveryStatus::confirmed);
  trial.handler->gone = true;
  CHECK(trial.results().empty());
  CHECK(!trial.sink->closed());
  CHECK(trial.sink->stalled() == "it is full");
  trial.replies->answers = true;
  CHECK(trial.results().size() == 1);
  CHECK(trial.sink->closed());
}
