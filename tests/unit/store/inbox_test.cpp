#include "store/inbox.h"

#include <doctest/doctest.h>

#include "record/read.h"
#include "store/view.h"
#include "support/fakes.h"
#include "support/small_store.h"

using namespace iso;
using namespace iso::store;
using test::SmallStore;

namespace {

Record record_of(std::string_view json) {
  return read_record(json);
}

std::optional<std::string> key_of(const char* pointer, std::string_view json) {
  return InboxRule(pointer ? std::optional<Pointer>(pointer) : std::nullopt).key_of(record_of(json));
}

// Gives what it has, once, and keeps how each was settled.
class Feed final : public Source {
 public:
  explicit Feed(std::vector<Record> records) : records_(std::move(records)) {}

  SourceState take(std::size_t most, std::vector<Delivery>& out) override {
    for (; next_ < records_.size() && most > 0; --most) {
      Delivery& taken = out.emplace_back();
      taken.record = records_[next_++];
      taken.ticket = next_;
    }
    return next_ == records_.size() ? SourceState::ended : SourceState::ready;
  }
  bool settle(Ticket ticket, Disposition how, std::string_view) override {
    settled[ticket] = how;
    return false;
  }
  Wait wait() const override { return {}; }

  std::map<Ticket, Disposition> settled;

 private:
  std::vector<Record> records_;
  std::size_t next_ = 0;
};

struct Trial {
  SmallStore store;
  std::vector<std::string> told;
  InboxTally tally;

  // The bodies that an inbox hands on of what comes.
  std::vector<std::string> hand_on(std::vector<Record> came, const char* pointer = nullptr) {
    SourceOptions options;
    options.queue = "q";
    options.notice = [&](std::string_view text) { told.emplace_back(text); };
    auto feed = std::make_unique<Feed>(std::move(came));
    feed_ = feed.get();
    Inbox inbox(std::move(feed), store.url(), options,
                pointer ? std::optional<Pointer>(pointer) : std::nullopt);
    std::vector<std::string> bodies;
    std::vector<Delivery> taken;
    while (inbox.take(10, taken) == SourceState::ready) {
    }
    for (const Delivery& one : taken) {
      bodies.push_back(one.record.body);
      inbox.settle(one.ticket, Disposition::ack, {});
    }
    inbox.flush();
    tally = inbox.tally();
    settled = feed_->settled;
    return bodies;
  }

  void put(const Record& record) {
    SinkOptions options;
    options.into = "q";
    options.notice = [&](std::string_view text) { told.emplace_back(text); };
    auto sink = open_store_sink(store.url(), options);
    sink->put(1, record);
    sink->flush();
    sink->results(results);
  }

  std::map<Ticket, Disposition> settled;
  std::vector<DeliveryResult> results;

 private:
  Feed* feed_ = nullptr;
};

using Bodies = std::vector<std::string>;

}  // namespace

TEST_CASE("inbox: a key is what the pointer points at by value, else the message_id") {
  const char* const id = "/body/id";
  CHECK(key_of(nullptr, R"({"message_id":"m","body":1})") == "m");
  CHECK(key_of(nullptr, R"({"body":1})") == std::nullopt);
  CHECK(key_of(nullptr, R"({"message_id":"","body":1})") == std::nullopt);
  CHECK(key_of(id, R"({"message_id":"m","body":{"id":""}})") == "m");
  CHECK(key_of(id, R"({"message_id":"m","body":{"id":null}})") == "m");
  CHECK(key_of(id, R"({"message_id":"m","body":{}})") == "m");
  CHECK(key_of(id, R"({"message_id":"m","text":"no JSON"})") == "m");
  for (const char* one : {"1", "1.0", "1e0", "10e-1", "0.1E1"}) {
    CAPTURE(one);
    CHECK(key_of(id, std::string(R"({"body":{"id":)") + one + "}}") == "/body/id=1");
  }
  CHECK(key_of(id, R"({"body":{"id":100}})") == "/body/id=100");
  CHECK(key_of(id, R"({"body":{"id":0.5}})") == "/body/id=5e-1");
  CHECK(key_of(id, R"({"body":{"id":"1"}})") == "/body/id=\"1\"");
  CHECK(key_of(id, R"({"body":{"id":"\u0041"}})") == "/body/id=\"A\"");
  CHECK(key_of(id, R"({"body":{"id":true}})") == "/body/id=true");
  CHECK(key_of(id, R"({"body":{"id":"true"}})") != key_of(id, R"({"body":{"id":true}})"));
  CHECK(key_of(id, R"({"message_id":"1","body":{}})") != key_of(id, R"({"body":{"id":1}})"));
  CHECK(key_of(id, R"({"body":{"id":12345678901234567890123}})") ==
        key_of(id, R"({"body":{"id":12345678901234567890123.0}})"));
  CHECK(key_of(id, R"({"body":{"id":12345678901234567890123}})") !=
        key_of(id, R"({"body":{"id":12345678901234567890124}})"));
  CHECK(key_of("/body", R"({"text":"whole"})") == "/body=whole");
  CHECK(key_of("/headers/tenant", R"({"headers":{"tenant":"a"},"body":1})") == "/headers/tenant=\"a\"");
}

TEST_CASE("inbox: a key of up to 255 bytes is kept as it is, a longer one by its hash") {
  const auto with_id = [](std::size_t size) {
    Record record;
    record.message_id = std::string(size, 'k');
    return InboxRule(std::nullopt).key_of(record);
  };
  CHECK(with_id(255) == std::string(255, 'k'));
  REQUIRE(with_id(256));
  CHECK(with_id(256)->starts_with("xxh3-128:"));
  CHECK(with_id(256) != with_id(257));
}

TEST_CASE("inbox: a message is handed on once, the same again is counted, another body is a conflict") {
  Trial trial;
  const auto a = record_of(R"({"message_id":"a","body":1})"),
             other = record_of(R"({"message_id":"a","body":2})");
  CHECK(trial.hand_on({a, a, other, other, record_of(R"({"body":3})"), record_of(R"({"body":3})")}) ==
        Bodies{"1", "3", "3"});
  CHECK(trial.tally.stored == 3);
  CHECK(trial.tally.duplicates == 1);
  CHECK(trial.tally.conflicts == 2);
  CHECK(trial.told.size() == 1);
  CHECK(trial.settled.size() == 6);
  CHECK(trial.hand_on({a}).empty());
  CHECK(trial.tally.duplicates == 1);
}

TEST_CASE("inbox: whoever writes into its queue follows its rule") {
  Trial trial;
  const auto a = record_of(R"({"message_id":"a","body":1})");
  trial.hand_on({});
  trial.put(a);
  trial.put(a);
  REQUIRE(trial.results.size() == 2);
  CHECK(trial.results[1].status == DeliveryStatus::confirmed);
  CHECK(trial.hand_on({a}) == Bodies{"1"});
  CHECK(trial.hand_on({a}).empty());
  trial.put(record_of(R"({"message_id":"a","body":2})"));
  REQUIRE(trial.told.size() == 1);
  CHECK(trial.told[0].starts_with("conflict: "));
  CHECK(trial.hand_on({}).empty());
}

TEST_CASE("inbox: what was in its queue before it was an inbox is known to it") {
  Trial trial;
  trial.put(record_of(R"({"message_id":"a","body":{"id":7}})"));
  trial.store.run(R"(INSERT INTO iso_messages(queue, message_id, body) VALUES('q', 'b', '{"id":8}'))");
  const auto again = record_of(R"({"message_id":"x","body":{"id":7}})"),
             again_too = record_of(R"({"message_id":"y","body":{"id":8}})");
  CHECK(trial.hand_on({again, again_too}, "/body/id") == Bodies{R"({"id":7})", R"({"id":8})"});
  CHECK(trial.tally.duplicates == 2);
}

TEST_CASE("inbox: what could not be read again is not stored, and not acknowledged") {
  Trial trial;
  Record bad = record_of(R"({"message_id":"a","body":1})");
  bad.expiration = "soon";
  CHECK(trial.hand_on({bad, record_of(R"({"message_id":"b","body":2})")}) == Bodies{"2"});
  CHECK(trial.settled == std::map<Ticket, Disposition>{{1, Disposition::dead_letter}, {2, Disposition::ack}});
  CHECK(trial.tally.unreadable == 1);
  trial.put(bad);
  REQUIRE(trial.results.size() == 1);
  CHECK(trial.results[0].status == DeliveryStatus::rejected);
}

TEST_CASE("store: a queue keeps up to when it has deleted what was done") {
  const SmallStore store(
      "INSERT INTO iso_queues(name) VALUES('q');"
      "INSERT INTO iso_messages(queue, state, state_ms, created_ms, body) VALUES('q', 1, 5, 3, '1'), ('q', "
      "1, "
      "6, 4, '2'), ('p', 1, 6, 9, '3'), ('q', 1, 9000000000000, 8, '4'), ('q', 0, 1, 7, '5')");
  CHECK(StoreView(store.url()).pruned_up_to("q") == 0);
  open_store(store.url(), Access::use).engine->settle({}, {std::chrono::hours(1), 10});
  StoreView view(store.url());
  CHECK(view.pruned_up_to("q") == 4);
  CHECK(view.pruned_up_to("p") == 9);
  CHECK(view.pruned_up_to("other") == 0);
  CHECK(view.first_seq() == 4);
}

TEST_CASE("inbox: what a stream gives again is stored once without a key, and where to go on is kept") {
  Trial trial;
  std::vector<Record> came;
  for (const std::uint64_t offset : std::vector<std::uint64_t>{4, 5, 4, 5, 6}) {
    Record& record = came.emplace_back(record_of(R"({"routing_key":"k","message_id":null,"body":1})"));
    record.body = std::to_string(offset);
    record.offset = offset;
  }
  SourceOptions options;
  options.queue = "q";
  const auto* const stream = "";  // a feed of this test has no name
  CHECK_FALSE(next_offset(trial.store.url(), stream, std::chrono::seconds(5)));
  Inbox inbox(std::make_unique<Feed>(std::move(came)), trial.store.url(), options, std::nullopt);
  std::vector<std::string> bodies;
  for (SourceState state = SourceState::ready; state != SourceState::ended;) {
    std::vector<Delivery> taken;
    state = inbox.take(2, taken);
    for (const Delivery& one : taken) bodies.push_back(one.record.body);
  }
  CHECK(bodies == std::vector<std::string>{"4", "5", "6"});
  CHECK(next_offset(trial.store.url(), stream, std::chrono::seconds(5)) == 7);
}
