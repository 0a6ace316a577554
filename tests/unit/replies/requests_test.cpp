#include "replies/requests.h"

#include <doctest/doctest.h>

#include "support/fakes.h"

using namespace iso;
using namespace iso::replies;
using namespace std::chrono_literals;

namespace {

// Confirms records and returns replies as a test says.
class FakeLine final : public Sink {
 public:
  void put(Ticket ticket, const Record&) override { put_.push_back(ticket); }
  void flush() override {}
  void results(std::vector<DeliveryResult>& out) override {
    for (DeliveryResult& result : to_give) out.push_back(std::move(result));
    to_give.clear();
  }
  Wait wait() const override { return {}; }
  std::string_view reply_address() const override { return "direct"; }
  void replies(std::vector<Record>& out) override { out.swap(arriving); }

  std::vector<Ticket> put_;
  std::vector<DeliveryResult> to_give;
  std::vector<Record> arriving;
};

// A queue of replies that records how each was settled.
class FakeQueue final : public Source {
 public:
  SourceState take(std::size_t, std::vector<Delivery>& out) override {
    for (Record& record : arriving) out.push_back({++last_, std::move(record), nullptr});
    arriving.clear();
    return SourceState::idle;
  }
  bool settle(Ticket ticket, Disposition how, std::string_view) override {
    REQUIRE(how == Disposition::ack);
    acked.push_back(ticket);
    return false;
  }
  Wait wait() const override { return {}; }
  std::string_view queue() const override { return "answers"; }

  std::vector<Record> arriving;
  std::vector<Ticket> acked;

 private:
  Ticket last_ = 0;
};

Record with_id(std::string id) {
  Record record;
  record.correlation_id = std::move(id);
  return record;
}

// A sink of requests "a", "b", … whose results, clock and replies a test controls.
struct Requests {
  explicit Requests(std::uint32_t replies, bool with_queue = false) {
    auto own_line = std::make_unique<FakeLine>();
    line = own_line.get();
    std::unique_ptr<FakeQueue> own_queue;
    if (with_queue) own_queue = std::make_unique<FakeQueue>();
    queue = own_queue.get();
    RequestOptions options;
    options.replies = replies;
    options.time = 5s;
    options.on_reply = [this](const Record& reply) { seen.push_back(*reply.correlation_id); };
    options.clock = &clock;
    sink = std::make_unique<RequestSink>(std::move(own_line), std::move(own_queue), std::move(options));
  }

  void put(Ticket ticket, const Record& record) { sink->put(ticket, record); }
  void confirm(Ticket ticket) { line->to_give.push_back({ticket, DeliveryStatus::confirmed, 0, {}}); }
  void reply(std::string id) { (queue ? queue->arriving : line->arriving).push_back(with_id(std::move(id))); }

  // "1 confirmed, 2 unconfirmed: why"
  std::string statuses() {
    std::vector<DeliveryResult> results;
    sink->results(results);
    std::string text;
    for (const DeliveryResult& result : results) {
      text += (text.empty() ? "" : ", ") + std::to_string(result.ticket);
      text += result.status == DeliveryStatus::confirmed     ? " confirmed"
              : result.status == DeliveryStatus::unconfirmed ? " open"
                                                             : " failed";
      if (!result.reply_text.empty()) text += ": " + result.reply_text;
    }
    return text;
  }

  test::FakeClock clock;
  FakeLine* line;
  FakeQueue* queue;
  std::unique_ptr<RequestSink> sink;
  std::vector<std::string> seen;
};

const Record a = with_id("a"), b = with_id("b");

}  // namespace

TEST_CASE("requests: a request is confirmed when it was delivered and its reply arrived, in any order") {
  Requests requests(1);
  CHECK(requests.sink->reply_address() == "direct");
  requests.put(1, a);
  requests.put(2, b);
  CHECK(requests.statuses() == "");
  requests.confirm(1);
  CHECK(requests.statuses() == "");
  requests.reply("b");
  CHECK(requests.statuses() == "");  // the sink still holds its record
  requests.confirm(2);
  requests.reply("a");
  CHECK(requests.statuses() == "2 confirmed, 1 confirmed");
  CHECK(requests.seen == std::vector<std::string>{"b", "a"});
}

TEST_CASE("requests: with N replies per request, the Nth ends it") {
  Requests requests(2);
  requests.put(1, a);
  requests.confirm(1);
  requests.reply("a");
  CHECK(requests.statuses() == "");
  requests.reply("a");
  CHECK(requests.statuses() == "1 confirmed");
}

TEST_CASE("requests: the time starts with put(), and missing replies are reported") {
  Requests requests(2);
  requests.put(1, a);
  requests.clock.now += 2s;
  requests.put(2, b);
  requests.confirm(1);
  requests.confirm(2);
  requests.reply("a");
  requests.clock.now += 3s - 1ms;
  CHECK(requests.statuses() == "");
  CHECK(requests.sink->wait().at_most == 1ms);
  requests.clock.now += 1ms;
  CHECK(requests.statuses() == "1 open: 1 of 2 replies in 5s");
  requests.clock.now += 2s;
  CHECK(requests.statuses() == "2 open: no reply in 5s");
}

TEST_CASE("requests: without N all replies in time are accepted, and one is enough") {
  Requests requests(0);
  requests.put(1, a);
  requests.put(2, b);
  requests.confirm(1);
  requests.confirm(2);
  for (int i = 0; i < 3; ++i) requests.reply("a");
  CHECK(requests.statuses() == "");
  CHECK(requests.seen.size() == 3);
  requests.clock.now += 5s;
  CHECK(requests.statuses() == "1 confirmed, 2 open: no reply in 5s");
}

TEST_CASE("requests: one that could not be delivered ends at once") {
  Requests requests(1);
  requests.put(1, a);
  requests.line->to_give.push_back({1, DeliveryStatus::returned, 312, "NO_ROUTE"});
  CHECK(requests.statuses() == "1 failed: NO_ROUTE");
  requests.clock.now += 10s;
  CHECK(requests.statuses() == "");
}

TEST_CASE("requests: one without a result ends only when that arrives, even after its time") {
  Requests requests(1);
  requests.put(1, a);
  requests.clock.now += 6s;
  CHECK(requests.statuses() == "");  // the sink still holds its record
  requests.confirm(1);
  CHECK(requests.statuses() == "1 open: no reply in 5s");
}

TEST_CASE("requests: a second request with the same correlation_id is refused") {
  Requests requests(1);
  requests.put(1, a);
  requests.put(2, a);
  CHECK(requests.statuses().starts_with("2 failed: another request with the correlation_id a is open"));
  CHECK(requests.line->put_ == std::vector<Ticket>{1});
}

TEST_CASE("requests: replies from a queue are acknowledged after they are written, unmatched ones never") {
  Requests requests(1, true);
  CHECK(requests.sink->reply_address() == "answers");
  requests.put(1, a);
  requests.confirm(1);
  requests.reply("stranger");
  requests.reply("a");
  CHECK(requests.statuses() == "1 confirmed");
  CHECK(requests.queue->acked.empty());
  requests.sink->acknowledge_replies();
  CHECK(requests.queue->acked == std::vector<Ticket>{2});
  CHECK(requests.sink->unmatched_replies() == 1);
  CHECK(requests.seen == std::vector<std::string>{"a"});
}
