#include "ends/answering.h"

#include <doctest/doctest.h>

#include "record/read.h"
#include "support/errors.h"
#include "support/fakes.h"

using namespace iso;

namespace {

// Gives the verdicts that the test puts into `next`.
class Handler final : public Sink {
 public:
  void put(Ticket ticket, const Record&) override { puts.push_back(ticket); }
  void flush() override { ++flushes; }
  void verdicts(std::vector<Verdict>& out) override {
    std::move(next.begin(), next.end(), std::back_inserter(out));
    next.clear();
    if (broken) throw Error(Kind::data, "no answer");
  }
  Wait wait() const override { return {}; }
  bool closed() const override { return gone; }

  std::vector<Ticket> puts;
  std::vector<Verdict> next;
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
  std::unique_ptr<AnsweringSink> sink;

  Trial(bool reply, std::string confirm_as) {
    auto its_handler = std::make_unique<Handler>();
    auto its_replies = std::make_unique<test::FakeSink>();
    handler = its_handler.get();
    replies = its_replies.get();
    sink = std::make_unique<AnsweringSink>(
        std::move(its_handler), std::move(its_replies),
        AnsweringOptions{reply, std::move(confirm_as),
                         [this](std::string_view text) { notices.emplace_back(text); }});
    sink->put(1, requests[0]);
    sink->put(2, requests[1]);
  }

  void answer(Ticket ticket, Fate fate, const char* reply = nullptr, std::string why = "") {
    Verdict verdict{ticket, fate, 0, std::move(why)};
    if (reply) verdict.reply = std::make_unique<Record>(read_record(reply));
    handler->next.push_back(std::move(verdict));
  }

  std::vector<Verdict> verdicts() {
    std::vector<Verdict> out;
    sink->verdicts(out);
    return out;
  }
};

constexpr const char* kSuccess = R"({"correlation_id":"c1","application_name":"shop","message":"Success"})";
constexpr const char* kFailure =
    R"({"correlation_id":"c1","application_name":"shop","message":"Failure","error":"no stock"})";

}  // namespace

TEST_CASE("answering: a record has its fate only once its answer has a confirm") {
  Trial trial(true, "");
  trial.replies->answers = false;
  trial.answer(1, Fate::confirmed, R"({"body":"yes"})");
  CHECK(trial.verdicts().empty());
  CHECK(trial.replies->put_order == std::vector<std::string>{"\"yes\""});
  CHECK(trial.verdicts().empty());
  trial.replies->answers = true;
  const auto verdicts = trial.verdicts();
  REQUIRE(verdicts.size() == 1);
  CHECK(verdicts[0].ticket == 1);
  CHECK(verdicts[0].fate == Fate::confirmed);
  CHECK(trial.sink->tally().sent == 1);
}

TEST_CASE("answering: an answer that is nacked makes the record come again") {
  Trial trial(true, "shop");
  trial.replies->fates = {{kSuccess, Fate::nacked}};
  trial.answer(1, Fate::confirmed, R"({"body":"yes"})");
  trial.verdicts();
  const auto verdicts = trial.verdicts();
  REQUIRE(verdicts.size() == 1);
  CHECK(verdicts[0].fate == Fate::deferred);
  CHECK(verdicts[0].reply_text == "its answer to callers was not taken: NO_ROUTE");
  CHECK(trial.sink->tally().sent == 1);  // the reply itself
}

TEST_CASE("answering: an answer that is returned is told and counted, and the record keeps its fate") {
  for (const Fate fate : {Fate::confirmed, Fate::rejected}) {
    Trial trial(false, "shop");
    trial.replies->fates = {{kSuccess, Fate::returned}, {kFailure, Fate::returned}};
    trial.answer(1, fate, nullptr, "no stock");
    trial.verdicts();
    const auto verdicts = trial.verdicts();
    REQUIRE(verdicts.size() == 1);
    CHECK(verdicts[0].fate == fate);
    CHECK(verdicts[0].reply_text == "no stock");
    CHECK(trial.sink->tally().undelivered == 1);
    CHECK(trial.notices == std::vector<std::string>{
                               "the answer with correlation_id c1 to callers was returned: NO_ROUTE (312)"});
  }
}

TEST_CASE("answering: what is confirmed to whom, by fate") {
  const struct {
    Fate fate;
    std::vector<std::string> answers;
  } rows[] = {{Fate::confirmed, {kSuccess}},
              {Fate::rejected, {kFailure}},
              {Fate::deferred, {}},
              {Fate::untried, {}},
              {Fate::unconfirmed, {}}};
  for (const auto& row : rows) {
    CAPTURE(static_cast<int>(row.fate));
    Trial trial(true, "shop");
    trial.answer(1, row.fate, nullptr, "no stock");
    CHECK(trial.verdicts().size() == (row.answers.empty() ? 1 : 0));
    CHECK(trial.replies->put_order == row.answers);
    CHECK(trial.notices.empty());
  }
}

TEST_CASE("answering: a reply and a confirmation both go, and both are waited for") {
  Trial trial(true, "shop");
  trial.replies->answers = false;
  trial.answer(1, Fate::confirmed, R"({"body":"yes"})");
  trial.verdicts();
  CHECK(trial.replies->put_order == std::vector<std::string>{"\"yes\"", kSuccess});
  trial.replies->answers = true;
  CHECK(trial.verdicts().size() == 1);
  CHECK(trial.sink->tally().sent == 2);
}

TEST_CASE("answering: without a reply_to nothing is sent and it is told, unless the reply says where") {
  Trial trial(true, "shop");
  trial.answer(2, Fate::confirmed, R"({"body":"yes"})");
  CHECK(trial.verdicts().size() == 1);
  CHECK(trial.replies->put_order.empty());
  CHECK(trial.notices == std::vector<std::string>{"message m2 has no reply_to: it is not answered"});

  Trial routed(true, "");
  routed.answer(2, Fate::confirmed, R"({"routing_key":"log","body":"yes"})");
  CHECK(routed.verdicts().empty());
  CHECK(routed.replies->put_order == std::vector<std::string>{"\"yes\""});
  CHECK(routed.notices.empty());
}

TEST_CASE("answering: when the handler breaks, what it answered before has its fate first") {
  Trial trial(true, "");
  trial.replies->answers = false;
  trial.answer(1, Fate::confirmed, R"({"body":"yes"})");
  trial.handler->broken = true;
  CHECK(trial.verdicts().empty());
  trial.sink->put(3, trial.requests[0]);
  CHECK(trial.verdicts().empty());
  CHECK(trial.handler->puts == std::vector<Ticket>{1, 2});
  trial.replies->answers = true;
  CHECK(trial.verdicts().size() == 1);
  CHECK(test::says(test::error_of([&] { trial.verdicts(); }), "no answer"));
}

TEST_CASE("answering: a handler that is closed is so only once its answers have their fates") {
  Trial trial(false, "shop");
  trial.replies->answers = false;
  trial.answer(1, Fate::confirmed);
  trial.handler->gone = true;
  CHECK(trial.verdicts().empty());
  CHECK(!trial.sink->closed());
  CHECK(trial.sink->stalled() == "it is full");
  trial.replies->answers = true;
  CHECK(trial.verdicts().size() == 1);
  CHECK(trial.sink->closed());
}
