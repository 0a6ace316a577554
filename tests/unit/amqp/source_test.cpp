#include <doctest/doctest.h>

#include "amqp/amqp.h"
#include "amqp/queue_kind.h"
#include "amqp/source_setup.h"
#include "support/errors.h"
#include "support/fake_broker.h"

using namespace iso;
using namespace iso::amqp;
using namespace std::chrono_literals;
using test::FakeBroker;
using test::method;
using test::Peer;

namespace {

std::unique_ptr<Source> source_from(const FakeBroker& broker, SourceOptions options) {
  options.queue = "q";
  return open_amqp_source(parse_url("amqp://" + broker.host() + "/"), options);
}

// Takes until there are `enough` in all, or the source ends.
SourceState take(Source& source, std::vector<Delivery>& out, std::size_t enough) {
  SourceState state = SourceState::idle;
  const auto until = std::chrono::steady_clock::now() + 10s;
  while (out.size() < enough && state != SourceState::ended && std::chrono::steady_clock::now() < until) {
    state = source.take(enough - out.size(), out);
    if (out.size() < enough) wait_for(source.wait(), 200ms);
  }
  return state;
}

void ack(Source& source, Ticket ticket) {
  source.settle(ticket, Disposition::ack, {});
  source.flush();
}

std::string tag_of(const Peer::Frame& frame) {
  return frame.payload.substr(4, 8);
}

}  // namespace

TEST_CASE("queue kind: it is what the refusal of an offset names") {
  CHECK(kind_in_refusal(
            "PRECONDITION_FAILED - invalid arg 'x-stream-offset' for queue 'q' in vhost '/' of queue "
            "type rabbit_quorum_queue") == QueueKind::quorum);
  CHECK(kind_in_refusal("… of queue type rabbit_classic_queue") == QueueKind::classic);
  CHECK(kind_in_refusal("NOT_FOUND - no queue 'q'") == QueueKind::classic);
}

TEST_CASE("queue kind: a look counts on quorum queues before RabbitMQ 4.3") {
  for (const char* version : {"", "3.10.8", "3.9", "4.0.5", "4.2.9", "4.x"}) {
    CAPTURE(version);
    CHECK(looking_counts(QueueKind::quorum, version));
    CHECK_FALSE(looking_counts(QueueKind::classic, version));
    CHECK_FALSE(looking_counts(QueueKind::stream, version));
  }
  for (const char* version : {"4.3.0", "4.10.1", "5.0", "10.0.0"}) {
    CAPTURE(version);
    CHECK_FALSE(looking_counts(QueueKind::quorum, version));
  }
}

TEST_CASE("amqp source: a look that would cost deliveries is refused before anything is delivered") {
  FakeBroker broker([](Peer& peer) {
    peer.open();
    peer.queue_is_there(3);
    peer.is_of_kind("rabbit_quorum_queue");
    if (!peer.frame().is(method(10, 50))) throw std::runtime_error("it asked for more");
    peer.say_method(0, method(10, 51));
  });
  SourceOptions options;
  options.peek = true;
  const Error error = test::error_of([&] { source_from(broker, options); });
  CHECK(error.kind() == ErrorKind::usage);
  CHECK(test::says(error, "each look counts as a delivery"));
  CHECK(test::says(error, "--peek=counted"));
  CHECK(broker.join() == "");
}

TEST_CASE("amqp source: a look that counts shows no more than --count and gives all back at once") {
  int prefetch = 0;
  std::string given_back;
  FakeBroker broker([&](Peer& peer) {
    peer.open();
    prefetch = peer.consume(5, "rabbit_quorum_queue");
    peer.deliver(1, "a");
    peer.deliver(2, "b");
    for (;;) {  // it may ask how many are left meanwhile
      const auto frame = peer.frame();
      if (frame.is(method(60, 120))) given_back = frame.payload.substr(4);
      if (frame.is(method(60, 120))) break;
      if (frame.is(method(50, 10)))
        peer.say_method(1, method(50, 11), test::short_text("q") + test::integer(3, 4) + test::integer(0, 4));
    }
    peer.read_to_end();
  });
  SourceOptions options;
  options.peek = options.peek_counted = true;
  options.count = 2;
  std::string notice;
  options.notice = [&](std::string_view text) { notice = text; };
  auto source = source_from(broker, options);
  std::vector<Delivery> taken;
  CHECK(take(*source, taken, 3) == SourceState::ended);
  CHECK(taken.size() == 2);
  source.reset();
  CHECK(broker.join() == "");
  CHECK(prefetch == 2);
  CHECK(given_back == test::integer(2, 8) + test::integer(3, 1));  // multiple, requeue
  CHECK(notice == "2 shown, which counts as a delivery of each");
}

TEST_CASE("amqp source: --count never lets the broker give more than it says") {
  FakeBroker broker([](Peer& peer) {
    peer.open();
    if (peer.consume(9) != 2) throw std::runtime_error("another prefetch");
    peer.deliver(1, "a");
    peer.deliver(2, "b");
    peer.expect(method(60, 80));  // the first: one more is wanted
    peer.deliver(3, "c");
    if (!peer.frame().is(method(60, 30))) throw std::runtime_error("acknowledged while it consumes");
    if (tag_of(peer.expect(method(60, 80))) != test::integer(3, 8)) throw std::runtime_error("another tag");
    peer.read_to_end();
  });
  SourceOptions options;
  options.count = 3;
  options.prefetch = 2;
  auto source = source_from(broker, options);
  std::vector<Delivery> taken;
  take(*source, taken, 2);
  ack(*source, 1);
  take(*source, taken, 3);
  CHECK(taken.size() == 3);
  source->settle(2, Disposition::ack, {});
  ack(*source, 3);
  source.reset();
  CHECK(broker.join() == "");
}

TEST_CASE("amqp source: while fewer than --count came, they are acknowledged, and the rest still comes") {
  FakeBroker broker([](Peer& peer) {
    peer.open();
    if (peer.consume(1) != 2) throw std::runtime_error("another prefetch");
    peer.deliver(1, "a");
    peer.end_consumer();
    if (peer.start_consumer() != 1) throw std::runtime_error("another prefetch");
    if (tag_of(peer.expect(method(60, 80))) != test::integer(1, 8)) throw std::runtime_error("another tag");
    peer.deliver(2, "b");
    peer.read_to_end();
  });
  SourceOptions options;
  options.count = 2;
  const auto source = source_from(broker, options);
  std::vector<Delivery> taken;
  take(*source, taken, 1);
  ack(*source, 1);
  take(*source, taken, 2);
  REQUIRE(taken.size() == 2);
  CHECK(taken[1].record.body == "b");
  CHECK(taken[1].ticket == 2);
}

TEST_CASE("amqp source: what waits for its retry does not hold the window") {
  FakeBroker broker([](Peer& peer) {
    peer.open();
    if (peer.consume() != 2) throw std::runtime_error("another prefetch");
    peer.deliver(1, "bad");
    peer.deliver(2, "bad");
    peer.end_consumer();
    if (peer.start_consumer() != 2) throw std::runtime_error("another prefetch");
    peer.deliver(3, "good");
    if (tag_of(peer.expect(method(60, 80))) != test::integer(3, 8)) throw std::runtime_error("another tag");
    for (int i = 0; i < 2; ++i) peer.expect(method(60, 120));  // then they go back
    peer.read_to_end();
  });
  SourceOptions options;
  options.prefetch = 2;
  const auto source = source_from(broker, options);
  std::vector<Delivery> taken;
  take(*source, taken, 2);
  CHECK(source->settle(1, Disposition::requeue, {}));
  CHECK(source->settle(2, Disposition::requeue, {}));
  source->flush();
  take(*source, taken, 3);
  REQUIRE(taken.size() == 3);
  CHECK(taken[2].record.body == "good");
  ack(*source, 3);
  for (const auto until = std::chrono::steady_clock::now() + 5s; std::chrono::steady_clock::now() < until;) {
    source->flush();
    if (*source->wait().at_most > 900ms) break;  // nothing waits any more
    wait_for({}, 10ms);
  }
}

TEST_CASE("amqp source: without more to follow it ends after as many as were there at first") {
  FakeBroker broker([](Peer& peer) {
    peer.open();
    if (peer.consume(2) != 2) throw std::runtime_error("another prefetch");
    peer.deliver(1, "a");
    peer.deliver(2, "b");
    peer.read_to_end();
  });
  SourceOptions options;
  options.relay = options.only_present = true;
  options.progress = std::make_shared<SourceProgress>();
  const auto source = source_from(broker, options);
  std::vector<Delivery> taken;
  CHECK(take(*source, taken, 3) == SourceState::ended);
  CHECK(taken.size() == 2);
  ack(*source, 1);
  CHECK(options.progress->present == 2);
  CHECK(options.progress->settled == 1);
}

TEST_CASE("amqp source: what was there at first and came to nothing with a connection is still taken") {
  FakeBroker broker([](Peer& peer) {
    peer.open();
    if (peer.consume(9) != 2) throw std::runtime_error("another prefetch");
    peer.deliver(1, "b");
    peer.deliver(2, "c");
    peer.read_to_end();
  });
  SourceOptions options;
  options.relay = options.only_present = true;
  options.progress = std::make_shared<SourceProgress>();
  options.progress->present = 3;  // of which one is settled; the queue has been fed since
  options.progress->settled = 1;
  options.progress->given = 3;
  const auto source = source_from(broker, options);
  std::vector<Delivery> taken;
  CHECK(take(*source, taken, 9) == SourceState::ended);
  CHECK(taken.size() == 2);
}

TEST_CASE("amqp source: what another has for itself is unavailable, in words") {
  const struct {
    int code;
    const char* text;
  } rows[] = {{405, "RESOURCE_LOCKED - cannot obtain exclusive access to locked queue 'q'"},
              {403, "ACCESS_REFUSED - queue 'q' in vhost '/' in exclusive use"}};
  for (const auto& row : rows) {
    CAPTURE(row.text);
    FakeBroker broker([&](Peer& peer) {
      peer.open();
      peer.expect(method(50, 10));
      peer.close_channel(row.code, row.text);
      peer.open_channel();
      peer.read_to_end();
    });
    const Error error = test::error_of([&] { source_from(broker, {}); });
    CHECK(error.kind() == ErrorKind::unavailable);
    CHECK(test::says(error, "another connection has the queue \"q\" for itself"));
  }
}

TEST_CASE("amqp source: a count of deliveries is believed of quorum queues only") {
  const struct {
    const char* kind;
    std::optional<std::uint64_t> count;
  } rows[] = {{"rabbit_quorum_queue", 4}, {"rabbit_classic_queue", std::nullopt}};
  for (const auto& row : rows) {
    CAPTURE(row.kind);
    FakeBroker broker([&](Peer& peer) {
      peer.open();
      peer.consume(1, row.kind);
      peer.say_method(1, method(60, 60),
                      test::short_text("consumer") + test::integer(1, 8) + test::integer(0, 1) +
                          test::short_text("") + test::short_text("q"));
      peer.say(2, 1,
               test::integer(60, 2) + test::integer(0, 2) + test::integer(0, 8) + test::integer(1 << 13, 2) +
                   test::long_text(test::short_text("x-delivery-count") + "l" + test::integer(4, 8)));
      peer.read_to_end();
    });
    const auto source = source_from(broker, {});
    std::vector<Delivery> taken;
    take(*source, taken, 1);
    REQUIRE(taken.size() == 1);
    CHECK(taken[0].record.delivery_count == row.count);
  }
}

TEST_CASE("amqp source: who may leave soon gets messages of a quorum queue one by one at first, then more") {
  FakeBroker broker([](Peer& peer) {
    peer.open();
    if (peer.consume(9, "rabbit_quorum_queue") != 1) throw std::runtime_error("more than one at first");
    for (std::uint64_t tag = 1; tag <= 4; ++tag) {
      peer.deliver(tag, "a");
      peer.expect(method(60, 80));
    }
    peer.end_consumer();
    if (peer.start_consumer() != 2) throw std::runtime_error("not twice as many");
    peer.read_to_end();
  });
  SourceOptions options;
  options.few_at_first = true;
  auto source = source_from(broker, options);
  std::vector<Delivery> taken;
  for (Ticket ticket = 1; ticket <= 4; ++ticket) {
    take(*source, taken, ticket);
    ack(*source, ticket);
  }
  source.reset();
  CHECK(broker.join() == "");
}

TEST_CASE("amqp source: elsewhere nothing is counted, so all that fits comes at once") {
  int prefetch = 0;
  FakeBroker broker([&](Peer& peer) {
    peer.open();
    prefetch = peer.consume(9);
    peer.read_to_end();
  });
  SourceOptions options;
  options.few_at_first = true;
  source_from(broker, options).reset();
  CHECK(broker.join() == "");
  CHECK(prefetch == 1000);
}

TEST_CASE("consumer timeout: it is read from the broker's words, and from no others") {
  const char* const texts[] = {
      "PRECONDITION_FAILED - delivery acknowledgement on channel 1 timed out. Timeout value used: 3000 ms. "
      "This "
      "timeout value can be configured, see consumers doc guide to learn more",
      "PRECONDITION_FAILED - delivery acknowledgement on channel 1 timed out for consumer 'c' on queue 'q'. "
      "Timeout "
      "value used: 3000 ms."};
  for (const char* text : texts) CHECK(consumer_timeout_in(text) == 3000ms);
  for (const char* text : {"", "NOT_FOUND - no queue 'q' used: 5 ms", "delivery acknowledgement timed out",
                           "delivery acknowledgement timed out. Timeout value used: x ms"})
    CHECK_FALSE(consumer_timeout_in(text));
}

TEST_CASE("amqp source: once the broker took back what was held too long, no more is held than can begin") {
  auto progress = std::make_shared<SourceProgress>();
  const auto options_of = [&] {
    SourceOptions options;
    options.prefetch = 10;
    options.at_once = 2;
    options.progress = progress;
    return options;
  };
  FakeBroker first([](Peer& peer) {
    peer.open();
    if (peer.consume(6) != 10) throw std::runtime_error("another prefetch");
    peer.close_channel(406,
                       "PRECONDITION_FAILED - delivery acknowledgement on channel 1 timed out. Timeout value "
                       "used: 3000 ms.");
    peer.read_to_end();
  });
  auto source = source_from(first, options_of());
  CHECK(source->longest_wait() == 15min);
  std::vector<Delivery> taken;
  const Error error = test::error_of([&] { take(*source, taken, 1); });
  CHECK(error.kind() == ErrorKind::unavailable);
  CHECK(test::says(error, "longer than its consumer_timeout of 3s; from now on at most 2 are held"));
  source.reset();
  int prefetch = 0;
  FakeBroker second([&](Peer& peer) {
    peer.open();
    prefetch = peer.consume(6);
    peer.read_to_end();
  });
  source = source_from(second, options_of());
  CHECK(source->longest_wait() == 1500ms);
  source.reset();
  CHECK(second.join() == "");
  CHECK(prefetch == 2);
}

TEST_CASE("amqp source: its settlements are there once the broker has answered what was asked after them") {
  FakeBroker broker([](Peer& peer) {
    peer.open();
    peer.consume(1);
    peer.deliver(1, "a");
    peer.expect(method(60, 80));
    peer.queue_is_there(0);
    peer.deliver(2, "b");
    peer.expect(method(60, 80));
    peer.hang_up();
  });
  auto source = source_from(broker, {});
  std::vector<Delivery> taken;
  take(*source, taken, 1);
  ack(*source, 1);
  CHECK(source->finish());
  take(*source, taken, 2);
  ack(*source, 2);
  CHECK(test::error_of([&] { source->finish(); }).kind() == ErrorKind::unavailable);
}

TEST_CASE("amqp source: one take reads a bounded number of bytes, however much a broker sends") {
  constexpr std::size_t kParts = 32, kPart = 128'000, kMessages = 16;  // 4 MB a message
  FakeBroker broker([&](Peer& peer) {
    peer.open();
    peer.consume(kMessages);
    const std::string part(kPart, 'x');
    for (std::uint64_t tag = 1; tag <= kMessages; ++tag) {
      peer.say_method(1, method(60, 60),
                      test::short_text("consumer") + test::integer(tag, 8) + test::integer(0, 1) +
                          test::short_text("") + test::short_text("q"));
      peer.say(2, 1,
               test::integer(60, 2) + test::integer(0, 2) + test::integer(kParts * kPart, 8) +
                   test::integer(0, 2));
      for (std::size_t i = 0; i < kParts; ++i) peer.say(3, 1, part);
    }
    peer.read_to_end();
  });
  const auto source = source_from(broker, SourceOptions());
  std::vector<Delivery> all;
  const auto until = std::chrono::steady_clock::now() + 20s;
  while (all.size() < kMessages && std::chrono::steady_clock::now() < until) {
    std::vector<Delivery> taken;
    source->take(100, taken);
    CHECK(taken.size() <= 5);  // 16 MiB, and the rest of a frame
    for (auto& one : taken) all.push_back(std::move(one));
    if (taken.empty()) wait_for(source->wait(), 200ms);
  }
  CHECK(all.size() == kMessages);
}
