#include <doctest/doctest.h>

#include "record/read.h"
#include "store/inbox.h"
#include "support/fake_store.h"

using namespace iso;
using namespace iso::store;
using test::FakeSource;
using test::FakeStore;

namespace {

struct Trial {
  FakeStore store;
  SourceOptions options;
  std::vector<std::string> told;

  Trial() {
    options.queue = "q";
    options.notice = [this](std::string_view text) { told.emplace_back(text); };
  }
  std::unique_ptr<Inbox> open(std::unique_ptr<Source> feed, std::optional<Pointer> key = std::nullopt) {
    return std::make_unique<Inbox>(std::move(feed), OpenStore{{}, store.open()}, options, std::move(key),
                                   store.clock);
  }
};

std::vector<std::string> bodies(Inbox& inbox) {
  std::vector<Delivery> taken;
  inbox.take(10, taken);
  std::vector<std::string> all;
  for (const Delivery& one : taken) all.push_back(one.record.body);
  return all;
}

}  // namespace

TEST_CASE("inbox: its queue is made, and its rule is set once, and again if it is another") {
  Trial trial;
  const auto topology_after = [&](std::optional<Pointer> key) {
    trial.open(std::make_unique<FakeSource>(std::vector<std::string>{}), std::move(key));
    return trial.store.data.topology;
  };
  const auto first = topology_after(std::nullopt);
  CHECK(trial.store.data.queues.contains("q"));
  CHECK(trial.store.data.inboxes.at("q").empty());
  CHECK(topology_after(std::nullopt) == first);
  CHECK(topology_after(Pointer("/body/id")) > first);
  CHECK(trial.store.data.inboxes.at("q") == "/body/id");
  trial.options.queue = "p";
  topology_after(Pointer("/body/id"));
  CHECK(trial.store.data.inboxes.at("p") == "/body/id");
  CHECK(trial.store.data.inboxes.size() == 2);
}

TEST_CASE("inbox: nothing is acknowledged before it is stored, and what is no record is not stored") {
  Trial trial;
  auto feed = std::make_unique<FakeSource>(std::vector<std::string>{"1", "!", "2"});
  FakeSource& from = *feed;
  const auto inbox = trial.open(std::move(feed));
  trial.store.locked = true;
  CHECK(bodies(*inbox).empty());
  CHECK(from.settled.empty());
  CHECK(from.unflushed == 0);
  CHECK_FALSE(inbox->drained());
  trial.store.locked = false;
  CHECK(bodies(*inbox) == std::vector<std::string>{"1", "2"});
  CHECK(from.settled == std::map<Ticket, Disposition>{
                            {1, Disposition::ack}, {2, Disposition::dead_letter}, {3, Disposition::ack}});
  CHECK(from.reasons.at(2) == "no good");
  CHECK(from.unflushed == 0);
  CHECK(inbox->tally().stored == 2);
  CHECK(inbox->tally().unreadable == 1);
  CHECK(trial.told.size() == 1);
  CHECK(inbox->drained());
}

TEST_CASE("inbox: no more is taken than is asked for, what waits first, and it ends with its feed") {
  Trial trial;
  const auto inbox = trial.open(std::make_unique<FakeSource>(std::vector<std::string>{"1", "2", "3"}));
  std::vector<Delivery> taken;
  CHECK(inbox->take(2, taken) == SourceState::ready);
  CHECK(taken.size() == 2);
  CHECK(trial.store.rows().size() == 2);
  CHECK(inbox->take(2, taken) == SourceState::ready);
  CHECK(taken.size() == 3);
  CHECK(inbox->take(2, taken) == SourceState::ended);
  CHECK(inbox->wait().at_most->count() == 1);
  for (const Delivery& one : taken) inbox->settle(one.ticket, Disposition::ack, {});
  inbox->flush();
  CHECK(trial.store.claims() == 0);
  inbox->stop();
  CHECK(inbox->queue() == "q");
}

TEST_CASE("inbox: a time to live was for the queue that a message came from") {
  Trial trial;
  const auto inbox = trial.open(std::make_unique<FakeSource>(std::vector<std::string>{"1"}));
  CHECK(bodies(*inbox).size() == 1);
  CHECK_FALSE(trial.store.rows()[0].expires_ms);
}
