#include "amqp/amqp.h"

#include <doctest/doctest.h>
#include <future>

#include "support/errors.h"
#include "support/fake_broker.h"

using namespace iso;
using namespace iso::amqp;
using namespace std::chrono_literals;
using test::FakeBroker;
using test::method;
using test::Peer;
using Clock = std::chrono::steady_clock;

namespace {

std::unique_ptr<Sink> sink_to(const std::string& hosts, std::string_view query = "",
                              std::chrono::milliseconds timeout = 10s) {
  SinkOptions options;
  options.timeout = timeout;
  return open_amqp_sink(parse_url("amqp://" + hosts + "/" + std::string(query)), options);
}

std::unique_ptr<Source> source_from(const FakeBroker& broker, SourceOptions options = {}) {
  options.queue = "q";
  return open_amqp_source(parse_url("amqp://" + broker.host() + "/"), options);
}

// What the sink tells until it throws, and what it throws; or until it has told of `enough`.
struct Told {
  std::vector<Ticket> confirmed;
  std::optional<Error> error;
};
Told listen_to(Sink& sink, std::size_t enough = SIZE_MAX) {
  Told told;
  for (const auto until = Clock::now() + 60s; told.confirmed.size() < enough && Clock::now() < until;) {
    std::vector<DeliveryResult> results;
    try {
      sink.results(results);
    } catch (const Error& error) {
      told.error = error;
      return told;
    }
    for (const auto& result : results)
      if (result.status == DeliveryStatus::confirmed) told.confirmed.push_back(result.ticket);
    if (results.empty()) wait_for(sink.wait(), 200ms);
  }
  return told;
}

// Takes until there are `enough`, or the source says that it ended.
SourceState take(Source& source, std::vector<Delivery>& out, std::size_t enough) {
  SourceState state = SourceState::idle;
  for (const auto until = Clock::now() + 60s; out.size() < enough && Clock::now() < until;) {
    state = source.take(enough - out.size(), out);
    if (state == SourceState::ended) break;
    wait_for(source.wait(), 200ms);
  }
  return state;
}

Record record_of(std::string body) {
  Record record;
  record.routing_key = "k";
  record.body = std::move(body);
  return record;
}

}  // namespace

TEST_CASE("amqp sink: confirms that arrived before the connection broke are told before the fault") {
  std::promise<void> gone;
  FakeBroker broker([&](Peer& peer) {
    peer.open();
    for (int i = 0; i < 3; ++i) peer.message();
    peer.ack(2, true);
    peer.reset();
    gone.set_value();
  });
  const auto sink = sink_to(broker.host());
  const Record record = record_of("x");
  for (Ticket ticket = 1; ticket <= 3; ++ticket) sink->put(ticket, record);
  sink->flush();
  gone.get_future().wait();
  sink->put(4, record);
  sink->flush();  // breaks
  sink->put(5, record);
  const Told told = listen_to(*sink);
  CHECK(told.confirmed == std::vector<Ticket>{1, 2});
  REQUIRE(told.error);
  CHECK(told.error->kind() == ErrorKind::unavailable);
  CHECK(test::says(*told.error, broker.host()));
  CHECK(broker.join() == "");
}

TEST_CASE("amqp sink: a broker that closes the connection is told in its words, after its confirms") {
  FakeBroker broker([](Peer& peer) {
    peer.open();
    peer.message();
    peer.message();
    peer.ack(1, false);
    peer.close_connection(320, "CONNECTION_FORCED - broker forced connection closure");
    peer.expect(method(10, 51));
  });
  const auto sink = sink_to(broker.host());
  const Record record = record_of("x");
  sink->put(1, record);
  sink->put(2, record);
  sink->flush();
  const Told told = listen_to(*sink);
  CHECK(told.confirmed == std::vector<Ticket>{1});
  REQUIRE(told.error);
  CHECK(told.error->kind() == ErrorKind::unavailable);
  CHECK(test::says(*told.error, "CONNECTION_FORCED"));
  CHECK(broker.join() == "");
}

TEST_CASE("amqp sink: a broker that falls silent is lost after two heartbeats, and got ours meanwhile") {
  int beats = 0;
  FakeBroker broker([&](Peer& peer) {
    peer.open(60);
    peer.read_to_end();
    beats = peer.heartbeats;
  });
  auto sink = sink_to(broker.host(), "?heartbeat=1");
  const auto start = Clock::now();
  const Told told = listen_to(*sink);
  const auto took = Clock::now() - start;
  REQUIRE(told.error);
  CHECK(told.error->kind() == ErrorKind::unavailable);
  CHECK(test::says(*told.error, "sent nothing for 2 s"));
  CHECK(took >= 1900ms);
  CHECK(took < 4s);
  sink.reset();
  broker.join();
  CHECK(beats >= 2);
  CHECK(beats <= 6);
}

TEST_CASE(
    "amqp sink: while a message is half written the broker's words are heard, and no heartbeat cuts it") {
  constexpr std::size_t kLength = 16 << 20;
  std::promise<void> told;
  FakeBroker broker([&](Peer& peer) {
    peer.open(1);
    peer.say_method(0, method(10, 60), test::short_text("low on memory"));
    auto heard = told.get_future();
    while (heard.wait_for(300ms) != std::future_status::ready) peer.beat();
    if (peer.message() != kLength) throw std::runtime_error("another length");
    peer.say_method(0, method(10, 61));
    peer.ack(1, false);
    peer.read_to_end();
  });
  const auto sink = sink_to(broker.host());
  const Record record = record_of(std::string(kLength, 'x'));
  sink->put(1, record);
  std::vector<DeliveryResult> results;
  const auto start = Clock::now();
  while (Clock::now() - start < 2500ms) {  // longer than the broker may be silent
    sink->flush();
    sink->results(results);
    wait_for({}, 20ms);
  }
  CHECK(results.empty());
  CHECK(sink->stalled() == "the broker is low on memory");
  told.set_value();
  CHECK(listen_to(*sink, 1).confirmed == std::vector<Ticket>{1});
  CHECK(sink->stalled() == "");
}

TEST_CASE("amqp sink: a broker that only stops reading is said not to read") {
  std::promise<void> told;
  FakeBroker broker([&](Peer& peer) {
    peer.open();
    told.get_future().wait();
  });
  const auto sink = sink_to(broker.host());
  const Record record = record_of(std::string(16 << 20, 'x'));
  sink->put(1, record);
  std::vector<DeliveryResult> results;
  for (const auto start = Clock::now(); sink->stalled().empty() && Clock::now() - start < 10s;) {
    sink->results(results);
    wait_for(sink->wait(), 50ms);
  }
  CHECK(sink->stalled() == "the broker does not read");
  told.set_value();
}

TEST_CASE("amqp: closing does not wait long for a broker that says nothing") {
  std::promise<void> closed;
  FakeBroker broker([&](Peer& peer) {
    peer.open();
    peer.expect(method(10, 50));
    closed.get_future().wait();
  });
  auto sink = sink_to(broker.host());
  const Record record = record_of("x");
  sink->put(1, record);
  sink->flush();
  const auto start = Clock::now();
  sink.reset();
  CHECK(Clock::now() - start < 3s);
  closed.set_value();
  CHECK(broker.join() == "");
}

TEST_CASE("amqp: a host that takes the connection and says nothing does not keep us from the next") {
  FakeBroker silent([](Peer& peer) {
    peer.read(8);
    peer.read_to_end();
  });
  FakeBroker broker([](Peer& peer) {
    peer.open();
    peer.read_to_end();
  });
  CHECK_NOTHROW(sink_to("127.0.0.1:1," + silent.host() + "," + broker.host(), "", 2s));
}

TEST_CASE("amqp: when no host lets us in, each is named with why") {
  FakeBroker silent([](Peer& peer) {
    peer.read(8);
    peer.read_to_end();
  });
  FakeBroker leaving([](Peer& peer) {
    peer.greet();
    peer.close_connection(320, "CONNECTION_FORCED - going down");
  });
  const Error error =
      test::error_of([&] { sink_to("127.0.0.1:1," + silent.host() + "," + leaving.host(), "", 1s); });
  CHECK(error.kind() == ErrorKind::unavailable);
  CHECK(test::says(error, "127.0.0.1:1: connection refused"));
  CHECK(test::says(error, silent.host() + ": logging in: "));
  CHECK(test::says(error, leaving.host() + ": the broker closed the connection: CONNECTION_FORCED"));
}

TEST_CASE("amqp: only a refusal that will not change is final") {
  const struct {
    int code;
    const char* text;
    ErrorKind kind;
  } rows[] = {
      {403, "ACCESS_REFUSED - Login was refused", ErrorKind::refused},
      {530, "NOT_ALLOWED - vhost nowhere not found", ErrorKind::refused},
      {530, "NOT_ALLOWED - vhost '/' is down", ErrorKind::unavailable},
      {530, "NOT_ALLOWED - access to vhost refused: connection limit (1) is reached", ErrorKind::unavailable},
      {541, "INTERNAL_ERROR", ErrorKind::unavailable}};
  for (const auto& row : rows) {
    CAPTURE(row.text);
    FakeBroker first([&](Peer& peer) {
      peer.greet();
      peer.close_connection(row.code, row.text);
    });
    FakeBroker second([](Peer&) {});
    const Error error = test::error_of([&] { sink_to(first.host() + "," + second.host()); });
    CHECK(error.kind() == row.kind);
    CHECK(test::says(error, row.text));
    CHECK(second.was_asked() == (row.kind == ErrorKind::unavailable));
  }
}

TEST_CASE("amqp sink: a broker without confirms is not published to") {
  FakeBroker broker([](Peer& peer) {
    peer.open(0, false);
    peer.read_to_end();
  });
  CHECK(test::says(test::error_of([&] { sink_to(broker.host()); }), "asking for confirms"));
}

TEST_CASE(
    "amqp source: what a relay failed to pass on is held, and acknowledgements do not reach across it") {
  std::vector<std::string> acks;
  FakeBroker broker([&](Peer& peer) {
    peer.open();
    peer.consume();
    for (std::uint64_t tag = 1; tag <= 4; ++tag) peer.deliver(tag, "x");
    for (int i = 0; i < 2; ++i) acks.push_back(peer.expect(method(60, 80)).payload.substr(4));
    peer.expect(method(10, 50));  // nothing about the second until the end
    peer.say_method(0, method(10, 51));
  });
  SourceOptions options;
  options.relay = true;
  auto source = source_from(broker, options);
  std::vector<Delivery> taken;
  take(*source, taken, 4);
  REQUIRE(taken.size() == 4);
  CHECK_FALSE(source->settle(1, Disposition::ack, {}));
  CHECK_FALSE(source->settle(2, Disposition::requeue, "no route"));
  CHECK_FALSE(source->settle(3, Disposition::ack, {}));
  source->flush();
  source.reset();
  CHECK(broker.join() == "");
  CHECK(acks == std::vector<std::string>{test::integer(1, 8) + test::integer(1, 1),
                                         test::integer(3, 8) + test::integer(0, 1)});
}

TEST_CASE("amqp source: it ends, and says why, when as many are held as the broker gives") {
  FakeBroker broker([&](Peer& peer) {
    peer.open();
    peer.consume();
    peer.deliver(1, "x");
    peer.deliver(2, "x");
    peer.read_to_end();
  });
  SourceOptions options;
  options.relay = true;
  options.prefetch = 2;
  std::string notice;
  options.notice = [&](std::string_view text) { notice = text; };
  const auto source = source_from(broker, options);
  std::vector<Delivery> taken;
  take(*source, taken, 2);
  source->settle(1, Disposition::requeue, {});
  source->flush();
  CHECK(source->take(1, taken) == SourceState::idle);
  source->settle(2, Disposition::requeue, {});
  source->flush();
  CHECK(source->take(1, taken) == SourceState::ended);
  CHECK(notice == "2 messages could not be passed on and were left in the queue; stopping");
}

TEST_CASE(
    "amqp source: a peek at all holds as many as a client can, and asks for none of a queue with more") {
  SourceOptions options;
  options.peek = options.peek_all = true;
  SUBCASE("as many") {
    int prefetch = 0;
    FakeBroker broker([&](Peer& peer) {
      peer.open();
      prefetch = peer.consume(65'535);
      peer.read_to_end();
    });
    source_from(broker, options).reset();
    CHECK(broker.join().empty());
    CHECK(prefetch == 65'535);
  }
  SUBCASE("one more") {
    FakeBroker broker([&](Peer& peer) {
      peer.open();
      peer.queue_is_there(65'536);
      peer.is_of_kind("rabbit_classic_queue");
      if (!peer.frame().is(method(10, 50))) throw std::runtime_error("it asked for something");
      peer.say_method(0, method(10, 51));
    });
    const Error error = test::error_of([&] { source_from(broker, options); });
    CHECK(error.kind() == ErrorKind::usage);
    CHECK(test::says(error, "the queue \"q\" holds 65536 messages, and at most 65535 can be browsed"));
    CHECK(broker.join() == "");
  }
}

TEST_CASE("amqp source: a broker whose heartbeats come only while it is asked something is not lost") {
  FakeBroker broker([&](Peer& peer) {
    peer.open(1);
    peer.consume();
    for (;;) {
      const auto frame = peer.frame();
      if (frame.is(method(10, 50))) break;
      if (!frame.is(method(50, 10))) continue;
      peer.beat();
      peer.say_method(1, method(50, 11), test::short_text("q") + test::integer(1, 4) + test::integer(0, 4));
    }
    peer.say_method(0, method(10, 51));
  });
  const auto source = source_from(broker);
  std::vector<Delivery> taken;
  for (const auto start = Clock::now(); Clock::now() - start < 2500ms;) {
    REQUIRE(source->take(1, taken) == SourceState::idle);
    REQUIRE_FALSE(source->drained());
    wait_for({}, 50ms);
  }
}

TEST_CASE("amqp source: what ends consumption is final only when the queue was deleted") {
  const struct {
    const char* name;
    std::function<void(Peer&)> ending;
    ErrorKind kind;
    const char* words;
  } rows[] = {
      {"the handler took too long",
       [](Peer& peer) { peer.close_channel(406, "PRECONDITION_FAILED - consumer ack timed out"); },
       ErrorKind::unavailable, "consumer ack timed out"},
      {"the broker goes down", [](Peer& peer) { peer.close_connection(320, "CONNECTION_FORCED"); },
       ErrorKind::unavailable, "CONNECTION_FORCED"},
      {"the queue was deleted",
       [](Peer& peer) {
         peer.say_method(1, method(60, 30), test::short_text("consumer") + test::integer(1, 1));
         peer.expect(method(50, 10));
         peer.close_channel(404, "NOT_FOUND - no queue 'q'");
         peer.open_channel();
       },
       ErrorKind::missing, "deleted"},
      {"its node went down",
       [](Peer& peer) {
         peer.say_method(1, method(60, 30), test::short_text("consumer") + test::integer(1, 1));
         peer.expect(method(50, 10));
         peer.close_channel(404, "NOT_FOUND - home node 'n' of durable queue 'q' is down or inaccessible");
         peer.open_channel();
       },
       ErrorKind::unavailable, "is down or inaccessible"},
      {"its leader moved",
       [](Peer& peer) {
         peer.say_method(1, method(60, 30), test::short_text("consumer") + test::integer(1, 1));
         peer.queue_is_there(0);
       },
       ErrorKind::unavailable, "cancelled the consumer"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    FakeBroker broker([&](Peer& peer) {
      peer.open();
      peer.consume();
      row.ending(peer);
    });
    const auto source = source_from(broker);
    std::vector<Delivery> taken;
    const Error error = test::error_of([&] { take(*source, taken, 1); });
    CHECK(error.kind() == row.kind);
    CHECK(test::says(error, row.words));
  }
}

TEST_CASE("amqp source: a content header of another class ends the connection, and none of it is read") {
  FakeBroker broker([](Peer& peer) {
    peer.open();
    peer.consume();
    peer.say_method(1, method(60, 60),
                    test::short_text("consumer") + test::integer(1, 8) + test::integer(0, 1) +
                        test::short_text("") + test::short_text("q"));
    peer.say(2, 1, test::integer(50, 2) + test::integer(0, 2) + test::integer(0, 8) + test::integer(0, 2));
    peer.read_to_end();
  });
  const auto source = source_from(broker);
  std::vector<Delivery> taken;
  const Error error = test::error_of([&] { take(*source, taken, 1); });
  CHECK(error.kind() == ErrorKind::unavailable);
  CHECK(test::says(error, "a content header of class 50"));
  CHECK(taken.empty());
}

TEST_CASE("amqp sink: a return whose header is of another class ends the connection") {
  FakeBroker broker([](Peer& peer) {
    peer.open();
    peer.message();
    peer.say_method(
        1, method(60, 50),
        test::integer(312, 2) + test::short_text("NO_ROUTE") + test::short_text("") + test::short_text("k"));
    peer.say(2, 1, test::integer(50, 2) + test::integer(0, 2) + test::integer(0, 8) + test::integer(0, 2));
    peer.read_to_end();
  });
  const auto sink = sink_to(broker.host());
  const Record record = record_of("x");
  sink->put(1, record);
  sink->flush();
  const Told told = listen_to(*sink);
  REQUIRE(told.error);
  CHECK(told.error->kind() == ErrorKind::unavailable);
  CHECK(test::says(*told.error, "a content header of class 50"));
}

TEST_CASE("amqp source: headers that are nested too deep make a message unreadable, and the next is read") {
  const auto nested = [](std::size_t levels) {  // {"a": {"a": … true}}
    std::string table = test::long_text(test::short_text("a") + "t\1");
    while (levels-- > 1) table = test::long_text(test::short_text("a") + "F" + table);
    return table;
  };
  const auto deliver = [](Peer& peer, std::uint64_t tag, const std::string& headers) {
    peer.say_method(1, method(60, 60),
                    test::short_text("consumer") + test::integer(tag, 8) + test::integer(0, 1) +
                        test::short_text("") + test::short_text("q"));
    peer.say(2, 1,
             test::integer(60, 2) + test::integer(0, 2) + test::integer(0, 8) +
                 test::integer(1 << 13 | 1 << 7, 2) + headers + test::short_text("poison"));
  };
  FakeBroker broker([&](Peer& peer) {
    peer.open();
    peer.consume();
    deliver(peer, 1, nested(100));
    deliver(peer, 2, nested(101));
    deliver(peer, 3, nested(18'000));
    peer.deliver(4, "x");
    peer.read_to_end();
  });
  const auto source = source_from(broker);
  std::vector<Delivery> taken;
  take(*source, taken, 4);
  REQUIRE(taken.size() == 4);
  CHECK_FALSE(taken[0].bad_input);
  for (const std::size_t deep : {std::size_t{1}, std::size_t{2}}) {
    REQUIRE(taken[deep].bad_input);
    CHECK(taken[deep].bad_input->why == "headers nested deeper than 100 levels");
    CHECK(taken[deep].record.message_id == "poison");
  }
  CHECK_FALSE(taken[3].bad_input);
}
