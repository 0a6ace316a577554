#include <atomic>
#include <doctest/doctest.h>
#include <set>
#include <utility>

#include "amqp/amqp.h"
#include "support/errors.h"
#include "support/fake_broker.h"

using namespace iso;
using namespace iso::amqp;
using namespace std::chrono_literals;
using test::FakeBroker;
using test::method;
using test::Peer;

namespace {

std::unique_ptr<Sink> sink_to(const FakeBroker& broker, std::chrono::milliseconds refused_for = 0ms) {
  SinkOptions options;
  options.refused_for = refused_for;
  return open_amqp_sink(parse_url("amqp://" + broker.host() + "/"), options);
}

// Puts the records at once, as tickets 1, 2, 3, …, and gives what becomes of each, by ticket; "" if nothing
// did.
std::vector<std::string> statuses_of(Sink& sink, const std::vector<Record>& records) {
  for (std::size_t i = 0; i < records.size(); ++i) sink.put(i + 1, records[i]);
  sink.flush();
  std::vector<std::string> statuses(records.size());
  std::size_t known = 0;
  const auto until = std::chrono::steady_clock::now() + 10s;
  while (known < records.size() && std::chrono::steady_clock::now() < until) {
    std::vector<DeliveryResult> results;
    sink.results(results);
    for (const auto& result : results) {
      ++known;
      statuses[result.ticket - 1] += result.status == DeliveryStatus::confirmed  ? "confirmed"
                                     : result.status == DeliveryStatus::returned ? "returned"
                                                                                 : "nacked";
      if (result.reply_code != 0) statuses[result.ticket - 1] += " " + std::to_string(result.reply_code);
    }
    if (results.empty()) wait_for(sink.wait(), 200ms);
  }
  return statuses;
}

Record record_of(std::string body) {
  Record record;
  record.routing_key = "k";
  record.body = std::move(body);
  return record;
}

Record record_with(std::string_view header, std::string_view value) {
  Record record = record_of("x");
  record.headers.emplace().emplace_back(header, Field{std::string(value)});
  return record;
}

}  // namespace

TEST_CASE("amqp sink: a return is given to the message that it is, whatever tells them apart") {
  const auto with = [](auto set) {
    Record record = record_of("x");
    set(record);
    return record;
  };
  const struct {
    const char* by;
    Record first, second;
  } rows[] = {
      {"a header", record_with("eu", "yes"), record_with("eu", "no")},
      {"a header's type", record_with("n", "1"),
       with([](Record& r) { r.headers.emplace().emplace_back("n", Field{std::int64_t{1}}); })},
      {"that one has headers", record_of("x"), record_with("eu", "no")},
      {"the body", record_of("x"), record_of("y")},
      {"no body", record_of("x"), record_of("")},
      {"the message_id", with([](Record& r) { r.message_id = "1"; }),
       with([](Record& r) { r.message_id = "2"; })},
      {"the priority", with([](Record& r) { r.priority = std::uint8_t{1}; }), record_of("x")},
      {"the timestamp", with([](Record& r) { r.timestamp = 1; }), record_of("x")},
      {"persistence", record_of("x"), with([](Record& r) { r.persistent = false; })},
      {"expiration", record_of("x"), with([](Record& r) { r.expiration = "1000"; })},
      {"the type", record_of("x"), with([](Record& r) { r.type = "t"; })},
      {"the routing key", record_of("x"), with([](Record& r) { r.routing_key = "other"; })},
  };
  for (const auto& row : rows) {
    CAPTURE(row.by);
    FakeBroker broker([](Peer& peer) {
      peer.open();
      peer.message();
      peer.give_back(peer.published());
      peer.ack(2, true);
      peer.read_to_end();
    });
    const auto sink = sink_to(broker);
    CHECK(statuses_of(*sink, {row.first, row.second}) ==
          std::vector<std::string>{"confirmed", "returned 312"});
  }
}

TEST_CASE("amqp sink: a return whose headers a plugin of the broker has changed still has its message") {
  FakeBroker broker([](Peer& peer) {
    peer.open();
    peer.message();
    auto second = peer.published();
    second.header = test::integer(60, 2) + test::integer(0, 2) + test::integer(second.body.size(), 8) +
                    test::integer(0, 2);  // no properties at all
    peer.give_back(second);
    peer.ack(2, true);
    peer.read_to_end();
  });
  const auto sink = sink_to(broker);
  Record second = record_with("added", "1");
  second.body = "y";
  CHECK(statuses_of(*sink, {record_of("x"), second}) ==
        std::vector<std::string>{"confirmed", "returned 312"});
}

TEST_CASE("amqp sink: an answer is for its message alone, unless it says multiple") {
  const struct {
    const char* answer;
    std::function<void(Peer&)> say;
    std::vector<std::string> statuses;
  } rows[] = {
      {"one ack, then nacks",
       [](Peer& peer) {
         peer.ack(3, false);
         peer.nack(4, true);
       },
       {"nacked", "nacked", "confirmed", "nacked"}},
      {"one nack, then acks",
       [](Peer& peer) {
         peer.nack(2, false);
         peer.ack(4, true);
       },
       {"confirmed", "nacked", "confirmed", "confirmed"}},
      {"the first two",
       [](Peer& peer) {
         peer.ack(2, true);
         peer.nack(3, false);
         peer.nack(4, false);
       },
       {"confirmed", "confirmed", "nacked", "nacked"}},
      {"0 with multiple is all",
       [](Peer& peer) { peer.nack(0, true); },
       {"nacked", "nacked", "nacked", "nacked"}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.answer);
    FakeBroker broker([&](Peer& peer) {
      peer.open();
      for (int i = 0; i < 4; ++i) peer.message();
      row.say(peer);
      peer.read_to_end();
    });
    const auto sink = sink_to(broker);
    CHECK(statuses_of(*sink, std::vector<Record>(4, record_of("x"))) == row.statuses);
  }
}

namespace {

// The client closes its channel, and opens another one.
void renew_channel(Peer& peer) {
  peer.expect(method(20, 40));
  peer.say_method(1, method(20, 41));
  peer.open_channel();
}

}  // namespace

TEST_CASE(
    "amqp sink: what was nacked goes again on another channel, once all else is answered, in its order") {
  std::vector<std::string> again;
  FakeBroker broker([&](Peer& peer) {
    peer.open();
    for (int i = 0; i < 4; ++i) peer.message();
    peer.nack(4, false);
    peer.nack(2, false);
    peer.ack(1, false);
    peer.ack(3, false);
    renew_channel(peer);
    for (int i = 0; i < 3; ++i) again.push_back(peer.published().body);
    peer.ack(3, true);
    peer.read_to_end();
  });
  const auto sink = sink_to(broker, 10s);
  std::vector<Record> records;
  for (const char* body : {"1", "2", "3", "4"}) records.push_back(record_of(body));
  const Record last = record_of("5");
  for (std::size_t i = 0; i < records.size(); ++i) sink->put(i + 1, records[i]);
  sink->flush();
  std::set<Ticket> confirmed;
  bool last_is_put = false;
  const auto until = std::chrono::steady_clock::now() + 10s;
  while (confirmed.size() < 5 && std::chrono::steady_clock::now() < until) {
    std::vector<DeliveryResult> results;
    sink->results(results);
    if (!sink->stalled().empty() && !std::exchange(last_is_put, true)) {
      sink->put(5, last);  // behind what is to go again
      sink->flush();
    }
    for (const auto& result : results) {
      CHECK(result.status == DeliveryStatus::confirmed);
      confirmed.insert(result.ticket);
    }
    if (results.empty()) wait_for(sink->wait(), 200ms);
  }
  CHECK(confirmed.size() == 5);
  CHECK(last_is_put);
  CHECK(sink->stalled().empty());
  CHECK(broker.join() == "");
  CHECK(again == std::vector<std::string>{"2", "4", "5"});
}

TEST_CASE("amqp sink: a nack is the last word once all was refused for a while, and then at once") {
  std::atomic<int> channels = 1;
  FakeBroker broker([&](Peer& peer) {
    peer.open();
    for (std::uint64_t tag = 1;; ++tag) {
      auto frame = peer.frame();
      while (!frame.is(method(60, 40)) && !frame.is(method(20, 40)) && !frame.is(method(10, 50)))
        frame = peer.frame();
      if (frame.is(method(10, 50))) return peer.say_method(0, method(10, 51));
      if (frame.is(method(60, 40))) {
        peer.nack(tag, false);
      } else {
        peer.say_method(1, method(20, 41));
        peer.open_channel();
        ++channels;
        tag = 0;
      }
    }
  });
  {
    const auto sink = sink_to(broker, 250ms);
    CHECK(statuses_of(*sink, {record_of("x")}) == std::vector<std::string>{"nacked"});
    const int channels_before = channels;
    CHECK(channels_before > 1);
    std::vector<DeliveryResult> results;
    const Record next = record_of("y");
    sink->put(2, next);
    sink->flush();
    while (results.empty()) {
      wait_for(sink->wait(), 200ms);
      sink->results(results);
    }
    CHECK(results[0].status == DeliveryStatus::nacked);
    CHECK(channels == channels_before);
  }
  CHECK(broker.join() == "");
}

TEST_CASE("amqp sink: who is in a hurry tries nothing again that was nacked") {
  FakeBroker broker([](Peer& peer) {
    peer.open();
    peer.message();
    peer.nack(1, false);
    peer.message();
    peer.nack(2, false);
    peer.read_to_end();
  });
  const auto sink = sink_to(broker, 10s);
  const Record first = record_of("1"), second = record_of("2");
  sink->put(1, first);
  sink->flush();
  std::vector<DeliveryResult> results;
  while (sink->stalled().empty()) {
    wait_for(sink->wait(), 200ms);
    sink->results(results);
  }
  CHECK(results.empty());
  sink->finish(false);
  sink->results(results);
  CHECK(results.empty());
  sink->finish(true);
  sink->results(results);
  REQUIRE(results.size() == 1);
  CHECK(results[0].status == DeliveryStatus::nacked);
  sink->put(2, second);
  sink->flush();
  while (results.size() < 2) {
    wait_for(sink->wait(), 200ms);
    sink->results(results);
  }
  CHECK(results[1].status == DeliveryStatus::nacked);
}
