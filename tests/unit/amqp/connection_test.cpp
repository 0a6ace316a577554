// What a broker may do that AMQP does not allow, or that no client can bear: each ends the connection with
// the reason, in bounded time and memory.
#include <doctest/doctest.h>
#include <future>
#include <thread>

#include "amqp/amqp.h"
#include "base/stop_signal.h"
#include "support/errors.h"
#include "support/fake_broker.h"

using namespace iso;
using namespace iso::amqp;
using namespace std::chrono_literals;
using test::FakeBroker;
using test::integer;
using test::long_text;
using test::method;
using test::Peer;
using test::short_text;
using Clock = std::chrono::steady_clock;

namespace {

Url url_of(const FakeBroker& broker, const std::string& query = "") {
  return parse_url("amqp://" + broker.host() + "/" + query);
}

std::unique_ptr<Source> source_from(const FakeBroker& broker, SourceOptions options = {}) {
  options.queue = "q";
  return open_amqp_source(url_of(broker), options);
}

// Takes until it throws; gives what.
Error fault_of(Source& source) {
  std::vector<Delivery> taken;
  return test::error_of([&] {
    for (const auto until = Clock::now() + 10s; Clock::now() < until; wait_for(source.wait(), 200ms))
      source.take(1000, taken);
  });
}

// One message put; gives what the sink throws, and checks that nothing was said of the message.
Error fault_of(Sink& sink) {
  Record record;
  record.exchange = "";
  record.routing_key = "k";
  record.body = "x";
  sink.put(1, record);
  sink.flush();
  std::vector<DeliveryResult> results;
  const Error error = test::error_of([&] {
    for (const auto until = Clock::now() + 10s; Clock::now() < until; wait_for(sink.wait(), 200ms))
      sink.results(results);
  });
  CHECK(results.empty());
  return error;
}

std::string deliver(std::uint64_t tag) {
  return short_text("consumer") + integer(tag, 8) + integer(0, 1) + short_text("") + short_text("q");
}
std::string header(std::uint64_t size, const std::string& properties = integer(0, 2)) {
  return integer(60, 2) + integer(0, 2) + integer(size, 8) + properties;
}
std::string come_back(unsigned code, const std::string& key) {
  return integer(code, 2) + short_text("NO_ROUTE") + short_text("") + short_text(key);
}
std::string confirm(std::uint64_t tag, bool multiple) {
  return integer(tag, 8) + integer(multiple, 1);
}

struct Row {
  const char* name;
  std::function<void(Peer&)> say;
  const char* words;
};

// Says the same until the client hangs up.
template <class Say>
auto without_end(Say say) {
  return [say](Peer& peer) mutable {
    while (peer.is_there()) say(peer);
  };
}

}  // namespace

TEST_CASE("connection: what a broker sends to a listener against the protocol ends the connection") {
  const Row rows[] = {
      {"an unknown type", [](Peer& peer) { peer.say(7, 1, ""); }, "unknown type 7"},
      {"another channel", [](Peer& peer) { peer.say_method(2, method(60, 60), deliver(1)); },
       "a frame on channel 2"},
      {"frames on all channels",
       [](Peer& peer) {
         for (int channel = 2; channel < 65'536; ++channel) peer.say(1, channel, "");
       },
       "a frame on channel 2"},
      {"a header by itself", [](Peer& peer) { peer.say(2, 1, header(1)); }, "belongs to no message"},
      {"a body by itself", [](Peer& peer) { peer.say(3, 1, "x"); }, "belongs to no message"},
      {"too much of a body",
       [](Peer& peer) {
         peer.say_method(1, method(60, 60), deliver(1));
         peer.say(2, 1, header(1));
         peer.say(3, 1, "xy");
       },
       "more of a body"},
      {"a table past its end",
       [](Peer& peer) {
         peer.say_method(1, method(60, 60), deliver(1));
         peer.say(2, 1, header(0, integer(1 << 13, 2) + integer(100, 4) + short_text("a")));
       },
       "past the end"},
      {"flags that go on",
       [](Peer& peer) {
         peer.say_method(1, method(60, 60), deliver(1));
         peer.say(2, 1, header(0, integer(1, 2) + integer(0, 2)));
       },
       "flags that go on"},
      {"a delivery for another",
       [](Peer& peer) {
         peer.say_method(
             1, method(60, 60),
             short_text("another") + integer(1, 8) + integer(0, 1) + short_text("") + short_text("q"));
       },
       "a delivery that nobody asked for"},
      {"a tag again", [](Peer& peer) { (peer.deliver(1, "x"), peer.deliver(1, "x")); },
       "delivery 1 came after 1"},
      {"a tag too far", [](Peer& peer) { peer.deliver(1ULL << 40, "x"); }, "came after 0"},
      {"a confirm", [](Peer& peer) { peer.ack(1, false); }, "an answer about publishing"},
      {"an answer to nothing", [](Peer& peer) { peer.say_method(1, method(50, 21)); },
       "an answer to nothing that was asked"},
      {"a second login", [](Peer& peer) { peer.say_method(0, method(10, 41), short_text("")); },
       "an answer to nothing that was asked"},
      {"a frame that is too large",
       [](Peer& peer) { peer.say_raw(integer(3, 1) + integer(1, 2) + integer(1 << 24, 4)); },
       "a frame of 16777224 bytes"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    FakeBroker broker([&](Peer& peer) {
      peer.open();
      peer.consume();
      row.say(peer);
      peer.read_to_end();
    });
    const auto source = source_from(broker);
    const Error error = fault_of(*source);
    CHECK(error.kind() == ErrorKind::unavailable);
    CHECK(test::says(error, "the broker violated the protocol: "));
    CHECK(test::says(error, row.words));
  }
}

TEST_CASE("connection: what a broker sends to a publisher against the protocol leaves its message in doubt") {
  const Row rows[] = {
      {"a confirm of what was not sent", [](Peer& peer) { peer.ack(9, true); },
       "a confirm of message 9, which is not on its way"},
      {"a nack of nothing", [](Peer& peer) { peer.say_method(1, method(60, 120), confirm(0, false)); },
       "a confirm of message 0"},
      {"a return with the code 0",
       [](Peer& peer) {
         peer.say_method(1, method(60, 50), come_back(0, "k"));
         peer.say(2, 1, header(0));
         peer.ack(1, false);
       },
       "the reply code 0"},
      {"a return of another message",
       [](Peer& peer) {
         peer.say_method(1, method(60, 50), come_back(312, "other"));
         peer.say(2, 1, header(0));
         peer.ack(1, false);
       },
       "a message came back that is not on its way"},
      {"a return that is larger than what was sent",
       [](Peer& peer) {
         peer.say_method(1, method(60, 50), come_back(312, "k"));
         peer.say(2, 1, header(1ULL << 50));
       },
       "larger than any that was sent"},
      {"a return that is cut off by a confirm",
       [](Peer& peer) {
         peer.say_method(1, method(60, 50), come_back(312, "k"));
         peer.ack(1, false);
       },
       "a message without its header"},
      {"a delivery", [](Peer& peer) { peer.deliver(1, "x"); }, "a delivery that nobody asked for"},
      {"the end of a consumer",
       [](Peer& peer) { peer.say_method(1, method(60, 30), short_text("c") + integer(1, 1)); },
       "the end of a consumer, to one that publishes"},
      {"a flow", [](Peer& peer) { peer.say_method(1, method(20, 20), integer(0, 1)); },
       "channel.flow, which RabbitMQ has not"},
      {"an answer to nothing", [](Peer& peer) { peer.say_method(1, method(85, 11)); },
       "an answer to nothing that was asked"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    FakeBroker broker([&](Peer& peer) {
      peer.open();
      peer.message();
      row.say(peer);
      peer.read_to_end();
    });
    const auto sink = open_amqp_sink(url_of(broker), {});
    const Error error = fault_of(*sink);
    CHECK(error.kind() == ErrorKind::unavailable);
    CHECK(test::says(error, row.words));
  }
}

TEST_CASE("connection: a confirm that is repeated ends the connection") {
  FakeBroker broker([](Peer& peer) {
    peer.open();
    for (int i = 0; i < 3; ++i) peer.message();
    peer.ack(2, false);
    peer.ack(2, false);
    peer.read_to_end();
  });
  const auto sink = open_amqp_sink(url_of(broker), {});
  Record record;
  record.routing_key = "k";
  for (Ticket ticket = 1; ticket <= 3; ++ticket) sink->put(ticket, record);
  sink->flush();
  std::vector<DeliveryResult> results;
  const Error error = test::error_of([&] {
    for (const auto until = Clock::now() + 10s; Clock::now() < until; wait_for(sink->wait(), 200ms))
      sink->results(results);
  });
  CHECK(test::says(error, "a confirm of message 2"));
  REQUIRE(results.size() == 1);
  CHECK(results.front().ticket == 2);
}

TEST_CASE("connection: before and during the login, what is not its next step ends it") {
  const std::string none = long_text("PLAIN") + long_text("en_US");
  const auto nested = [](std::size_t levels) {
    std::string table = short_text("a") + "V";
    while (levels-- > 1) table = short_text("a") + "F" + long_text(table);
    return table;
  };
  const Row rows[] = {
      {"properties of the server nested without end",
       [&](Peer& peer) {
         peer.say_method(0, method(10, 10), integer(9, 2) + long_text(nested(15'000)) + none);
         peer.close_connection(320, "CONNECTION_FORCED - read to the end");
       },
       "read to the end"},
      {"properties of the server that are not well formed",
       [&](Peer& peer) { peer.say_method(0, method(10, 10), integer(9, 2) + long_text("\x09") + none); },
       "the broker violated the protocol: a value that goes on past the end"},
      {"a tune at once", [](Peer& peer) { peer.say_method(0, method(10, 30), integer(0, 8)); },
       "another answer than a login has"},
      {"a delivery", [](Peer& peer) { peer.deliver(1, "x"); }, "another answer than a login has"},
      {"a large frame", [](Peer& peer) { peer.say_raw(integer(1, 1) + integer(0, 2) + integer(1 << 20, 4)); },
       "a frame of 1048584 bytes"},
      {"HTTP", [](Peer& peer) { peer.say_raw("HTTP/1.1 400 Bad Request\r\n\r\n"); }, "it speaks HTTP"},
      {"an alert of TLS", [](Peer& peer) { peer.say_raw("\x15\x03\x01"); }, "try amqps://"},
      {"another version", [](Peer& peer) { peer.say_raw(std::string_view("AMQP\0\1\0\0", 8)); },
       "another version of AMQP"},
      {"nothing", [](Peer& peer) { peer.hang_up(); },
       "closed the connection at once: does it speak TLS? try amqps://"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    FakeBroker broker([&](Peer& peer) {
      peer.read(8);
      row.say(peer);
      peer.read_to_end();
    });
    const Error error = test::error_of([&] { open_amqp_sink(url_of(broker), {}); });
    CHECK(error.kind() == ErrorKind::unavailable);
    CHECK(test::says(error, row.words));
  }
}

TEST_CASE("connection: a broker without our login, or with another answer to a call, is told") {
  FakeBroker broker([](Peer& peer) {
    peer.read(8);
    peer.say_method(0, method(10, 10),
                    integer(9, 2) + integer(0, 4) + long_text("AMQPLAIN PLAINER") + integer(0, 4));
    peer.read_to_end();
  });
  const Error refused = test::error_of([&] { open_amqp_sink(url_of(broker), {}); });
  CHECK(refused.kind() == ErrorKind::refused);
  CHECK(test::says(refused, "the broker does not offer login by PLAIN"));
  FakeBroker other([](Peer& peer) {
    peer.open();
    peer.expect(method(50, 10));
    peer.say_method(1, method(60, 21), short_text("consumer"));
    peer.read_to_end();
  });
  const Error wrong = test::error_of([&] { source_from(other); });
  CHECK(wrong.kind() == ErrorKind::unavailable);
  CHECK(test::says(wrong, "another answer than asked for, declaring a queue"));
}

TEST_CASE("connection: a channel that is closed as soon as it is opened, again and again, is an end") {
  FakeBroker broker([](Peer& peer) {
    peer.greet();
    peer.say_method(0, method(10, 41), short_text(""));
    for (int i = 0; i < 100'000 && peer.is_there(); ++i) peer.close_channel(541, "INTERNAL_ERROR");
    peer.read_to_end();
  });
  const Error error = test::error_of([&] { open_amqp_sink(url_of(broker), {}); });
  CHECK(error.kind() == ErrorKind::unavailable);
  CHECK(test::says(error, "opening a channel: INTERNAL_ERROR"));
}

TEST_CASE("connection: a flood of deliveries during a call ends by the bound of what is held") {
  FakeBroker broker([&](Peer& peer) {
    peer.open();
    peer.consume();
    for (std::uint64_t tag = 1; peer.is_there(); ++tag) peer.deliver(tag, std::string(100'000, 'x'));
  });
  SourceOptions options;
  options.max_message = 1 << 20;
  const auto source = source_from(broker, options);
  const Error error = test::error_of([&] { source->drained(); });
  CHECK(error.kind() == ErrorKind::unavailable);
  CHECK(test::says(error, "too much else came first"));
}

TEST_CASE("connection: a call that is not answered ends by its time, whatever else comes") {
  const Row rows[] = {
      {"heartbeats", without_end([](Peer& peer) { peer.beat(); }), "no answer in time"},
      {"nothing at all", [](Peer&) {}, "no answer in time"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    FakeBroker broker([&](Peer& peer) {
      peer.open();
      row.say(peer);
      peer.read_to_end();
    });
    SourceOptions options;
    options.timeout = 1s;
    const auto start = Clock::now();
    const Error error = test::error_of([&] { source_from(broker, options); });
    CHECK(error.kind() == ErrorKind::unavailable);
    CHECK(test::says(error, row.words));
    CHECK(Clock::now() - start < 30s);
  }
}

TEST_CASE("connection: whoever reads a flood gets back to the clock") {
  FakeBroker broker([&](Peer& peer) {
    peer.open();
    peer.consume();
    while (peer.is_there()) peer.beat();
  });
  const auto source = source_from(broker);
  std::vector<Delivery> taken;
  for (int turn = 0; turn < 20; ++turn) {
    const auto start = Clock::now();
    source->take(1000, taken);
    CHECK(Clock::now() - start < 1s);
  }
  CHECK(taken.empty());
}

TEST_CASE("connection: headers that grew past the frame that was agreed on are read") {
  const std::string grown =
      integer(1 << 13, 2) + long_text(short_text("x-death") + "S" + long_text(std::string(140'000, 'd')));
  FakeBroker broker([&](Peer& peer) {
    peer.open();
    peer.consume();
    peer.say_method(1, method(60, 60), deliver(1));
    peer.say(2, 1, header(0, grown));
    peer.read_to_end();
  });
  const auto source = source_from(broker);
  std::vector<Delivery> taken;
  for (const auto until = Clock::now() + 10s; taken.empty() && Clock::now() < until;
       wait_for(source->wait(), 200ms))
    source->take(1, taken);
  REQUIRE(taken.size() == 1);
  CHECK(std::get<std::string>(taken.front().record.headers->front().second.value).size() == 140'000);
}

TEST_CASE("connection: a message that is larger than is wanted ends the run, before its body came") {
  SourceOptions options;
  options.max_message = 1000;
  FakeBroker broker([&](Peer& peer) {
    peer.open();
    peer.consume();
    peer.deliver(1, std::string(1000, 'x'));
    peer.say_method(1, method(60, 60), deliver(2));
    peer.say(2, 1, header(1001));
    peer.read_to_end();
  });
  const auto source = source_from(broker, options);
  const Error error = fault_of(*source);
  CHECK(error.kind() == ErrorKind::data);
  CHECK(test::says(error, "a message of 1001 bytes came, and --max-message is 1000"));
}

TEST_CASE("connection: whoever waits for a broker hears the signal to stop") {
  const struct {
    const char* name;
    std::function<void(Peer&)> script;
  } rows[] = {
      {"at the login", [](Peer& peer) { peer.read(8); }},
      {"for an answer", [](Peer& peer) { peer.open(); }},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    std::promise<void> waits;
    FakeBroker broker([&](Peer& peer) {
      row.script(peer);
      waits.set_value();
      peer.read_to_end();
    });
    std::thread stopper([&] {
      waits.get_future().wait();
      stop_signal = 15;
    });
    const auto start = Clock::now();
    const Error error = test::error_of([&] { source_from(broker); });
    stopper.join();
    stop_signal = 0;
    CHECK(error.kind() == ErrorKind::unavailable);
    CHECK(test::says(error, "interrupted by a signal"));
    CHECK(Clock::now() - start < 15s);
  }
}

TEST_CASE("connection: a host that has no address is named") {
  const Error error = test::error_of([] { open_amqp_sink(parse_url("amqp://no-such-host.invalid/"), {}); });
  CHECK(error.kind() == ErrorKind::unavailable);
  CHECK(test::says(error, "no-such-host.invalid:5672: "));
}

TEST_CASE("connection: a beginning that takes too long ends in its time, also if a byte comes now and then") {
  const auto dripping = [](std::string_view byte) {
    return [byte](Peer& peer) {
      for (; peer.is_there(); std::this_thread::sleep_for(20ms)) peer.say_raw(byte);
    };
  };
  const struct {
    const char* name;
    const char* scheme;
    std::function<void(Peer&)> say;
    const char* words;
  } rows[] = {
      {"TLS, and nothing", "amqps://", [](Peer&) {}, "beginning TLS: no answer in time"},
      {"TLS, byte by byte", "amqps://",
       [&](Peer& peer) {
         peer.say_raw(integer(0x16, 1) + integer(0x0303, 2) + integer(16'000, 2));
         dripping("x")(peer);
       },
       "no answer in time"},
      {"a frame, byte by byte", "amqp://",
       [&](Peer& peer) {
         peer.say_raw(integer(1, 1) + integer(0, 2) + integer(100'000, 4));
         dripping("x")(peer);
       },
       "no answer in time"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    FakeBroker broker([&](Peer& peer) {
      peer.read(8);
      row.say(peer);
      for (;;) peer.read(1);  // what begins TLS is no frame
    });
    SinkOptions options;
    options.timeout = 500ms;
    const Url url = parse_url(row.scheme + broker.host() + "/?verify=verify_none");
    const auto start = Clock::now();
    const Error error = test::error_of([&] { open_amqp_sink(url, options); });
    CHECK(error.kind() == ErrorKind::unavailable);
    CHECK(test::says(error, row.words));
    CHECK(Clock::now() - start < 10s);
  }
}

TEST_CASE("connection: closing does not wait long for a broker that goes on and on") {
  FakeBroker broker([](Peer& peer) {
    peer.open();
    peer.message();
    while (peer.is_there()) peer.beat();
  });
  auto sink = open_amqp_sink(url_of(broker), {});
  Record record;
  record.routing_key = "k";
  sink->put(1, record);
  sink->flush();
  const auto start = Clock::now();
  sink.reset();
  CHECK(Clock::now() - start < 5s);
}
