#include "amqp/frames.h"

#include <deque>
#include <doctest/doctest.h>

#include "support/errors.h"
#include "support/fake_broker.h"

using namespace iso;
using namespace iso::amqp;
using namespace std::string_literals;
using test::integer;
using test::long_text;
using test::method;
using test::short_text;

namespace {

std::string frame_of(unsigned type, unsigned channel, const std::string& payload) {
  return integer(type, 1) + integer(channel, 2) + long_text(payload) + "\xCE";
}
std::string method_of(std::uint32_t id, const std::string& arguments = "") {
  return frame_of(1, id >> 16 == 10 ? 0 : 1, integer(id, 4) + arguments);
}
std::string header_of(std::uint64_t size, unsigned class_id = 60) {
  return frame_of(2, 1, integer(class_id, 2) + integer(0, 2) + integer(size, 8) + integer(0, 2));
}

// What is read points into its bytes.
template <class Kind>
Kind read(const std::string& bytes) {
  static std::deque<std::string> kept;
  const auto raw = read_frame(kept.emplace_back(bytes), SIZE_MAX);
  REQUIRE(raw);
  const Frame frame = decode(*raw);
  REQUIRE(std::holds_alternative<Kind>(frame));
  return std::get<Kind>(frame);
}

// Reads all of a stream, and gives what is wrong with it, or "".
std::string fault_of(std::string_view bytes, std::size_t most = 4096) {
  ContentOrder order;
  try {
    while (const auto raw = read_frame(bytes, most)) {
      bytes.remove_prefix(raw->size());
      const Frame frame = decode(*raw);
      if (raw->channel == kChannel) order.check(frame);
    }
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::unavailable);
    return error.what();
  }
  return "";
}

const std::string kDeliver = method_of(
    method(60, 60), short_text("c") + integer(1, 8) + integer(0, 1) + short_text("") + short_text("q"));

}  // namespace

TEST_CASE("read_frame: a frame is read when all of it is here, and not before") {
  const std::string frame = frame_of(3, 1, "body");
  for (std::size_t size = 0; size < frame.size(); ++size)
    CHECK_FALSE(read_frame(std::string_view(frame).substr(0, size), 4096));
  const std::string more = frame + frame;
  const auto raw = read_frame(more, 4096);
  REQUIRE(raw);
  CHECK(raw->type == FrameType::body);
  CHECK(raw->channel == 1);
  CHECK(raw->payload == "body");
  CHECK(raw->size() == frame.size());
}

TEST_CASE("read_frame: the largest frame is one of as many bytes as are allowed") {
  const std::string frame = frame_of(3, 1, std::string(4088, 'x'));
  CHECK(frame.size() == 4096);
  CHECK(read_frame(frame, 4096));
  CHECK(fault_of(frame, 4095) == "a frame of 4096 bytes, more than the 4095 that were agreed on");
}

TEST_CASE("decode: each method that a broker sends, by its bytes") {
  const auto start = read<ConnectionStart>(method_of(
      method(10, 10), integer(9, 2) + long_text("table") + long_text("PLAIN") + long_text("en_US")));
  CHECK(start.minor == 9);
  CHECK(start.server == "table");
  CHECK(start.mechanisms == "PLAIN");
  const auto tune =
      read<ConnectionTune>(method_of(method(10, 30), integer(2047, 2) + integer(131072, 4) + integer(60, 2)));
  CHECK(tune.channel_max == 2047);
  CHECK(tune.frame_max == 131072);
  CHECK(tune.heartbeat == 60);
  const auto close = read<ChannelClose>(
      method_of(method(20, 40), integer(404, 2) + short_text("NOT_FOUND") + integer(0, 4)));
  CHECK(close.code == 404);
  CHECK(close.text == "NOT_FOUND");
  const auto queue =
      read<QueueDeclareOk>(method_of(method(50, 11), short_text("q") + integer(7, 4) + integer(2, 4)));
  CHECK(queue.queue == "q");
  CHECK(queue.messages == 7);
  CHECK(queue.consumers == 2);
  const auto deliver = read<BasicDeliver>(method_of(
      method(60, 60), short_text("c") + integer(5, 8) + integer(1, 1) + short_text("x") + short_text("k")));
  CHECK(deliver.tag == 5);
  CHECK(deliver.redelivered);
  CHECK(deliver.exchange == "x");
  CHECK(deliver.routing_key == "k");
  const auto back = read<BasicReturn>(method_of(
      method(60, 50), integer(312, 2) + short_text("NO_ROUTE") + short_text("x") + short_text("k")));
  CHECK(back.code == 312);
  CHECK(back.text == "NO_ROUTE");
  const auto ack = read<BasicAck>(method_of(method(60, 80), integer(9, 8) + integer(1, 1)));
  CHECK(ack.tag == 9);
  CHECK(ack.multiple);
  const auto nack = read<BasicNack>(method_of(method(60, 120), integer(9, 8) + integer(2, 1)));
  CHECK(nack.tag == 9);
  CHECK_FALSE(nack.multiple);
  CHECK(read<ConnectionBlocked>(method_of(method(10, 60), short_text("low"))).reason == "low");
  CHECK(read<BasicConsumeOk>(method_of(method(60, 21), short_text("c"))).consumer == "c");
  const auto header = read<ContentHeader>(header_of(77));
  CHECK(header.body_size == 77);
  CHECK(header.properties == integer(0, 2));
  CHECK(read<ContentBody>(frame_of(3, 1, "body")).bytes == "body");
  read<std::monostate>(frame_of(8, 0, ""));
  read<ConnectionOpenOk>(method_of(method(10, 41), short_text("")));
  read<ChannelOpenOk>(method_of(method(20, 11), long_text("")));
  read<ExchangeDeclareOk>(method_of(method(40, 11)));
  read<QueueBindOk>(method_of(method(50, 21)));
  read<BasicQosOk>(method_of(method(60, 11)));
  read<BasicCancel>(method_of(method(60, 30), short_text("c") + integer(1, 1)));
  read<ConfirmSelectOk>(method_of(method(85, 11)));
}

TEST_CASE("read_frame and decode: what AMQP does not allow is refused, and named") {
  const struct {
    const char* name;
    std::string bytes;
    const char* fault;
  } rows[] = {
      {"a type", frame_of(4, 1, ""), "a frame of the unknown type 4"},
      {"a channel", frame_of(1, 2, ""), "a frame on channel 2"},
      {"a size, before it is all here", integer(3, 1) + integer(1, 2) + "\xFF\xFF\xFF\xFF",
       "a frame of 4294967303 bytes"},
      {"an end", integer(8, 1) + integer(0, 2) + integer(0, 4) + "x", "a frame without its end"},
      {"a method of a client", method_of(method(60, 40)), "the method 60.40, which no client is sent"},
      {"a method that is not there", method_of(method(99, 1)), "the method 99.1"},
      {"a channel's method on channel 0", frame_of(1, 0, integer(method(60, 80), 4) + integer(1, 9)),
       "the method 60.80 on channel 0"},
      {"a connection's method on channel 1", frame_of(1, 1, integer(method(10, 61), 4)),
       "the method 10.61 on channel 1"},
      {"a method that is cut", method_of(method(60, 80), integer(1, 8)), "goes on past the end"},
      {"a method that goes on", method_of(method(60, 80), integer(1, 10)), "ends before its frame"},
      {"a method without its number", frame_of(1, 1, "ab"), "goes on past the end"},
      {"a string that is cut", method_of(method(10, 60), "\x09low"), "goes on past the end"},
      {"a class of content", kDeliver + header_of(0, 50), "a content header of class 50"},
      {"content on channel 0", frame_of(3, 0, "x"), "content on channel 0"},
      {"a heartbeat with something in it", frame_of(8, 0, "x"), "a heartbeat that carries something"},
      {"a return code", method_of(method(60, 50), integer(0, 2) + integer(0, 3)), "the reply code 0"},
      {"a header by itself", header_of(0), "a content header that belongs to no message"},
      {"a body by itself", frame_of(3, 1, "x"), "a body that belongs to no message"},
      {"a body before its header", kDeliver + frame_of(3, 1, "x"), "a message without its header"},
      {"two messages at once", kDeliver + kDeliver, "a message without its header"},
      {"a second header", kDeliver + header_of(1) + header_of(1), "a content header that belongs"},
      {"a method in a message", kDeliver + header_of(1) + kDeliver, "in the middle of a message"},
      {"too much of a body", kDeliver + header_of(1) + frame_of(3, 1, "xy"), "more of a body"},
      {"a body after the end", kDeliver + header_of(1) + frame_of(3, 1, "x") + frame_of(3, 1, ""),
       "a body that belongs to no message"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    const std::string fault = fault_of(row.bytes);
    CAPTURE(fault);
    CHECK(fault.find(row.fault) != std::string::npos);
  }
}

TEST_CASE("ContentOrder: a message is its method, its header, and as much body as that says") {
  CHECK(fault_of(kDeliver + header_of(0) + kDeliver + header_of(3) + frame_of(3, 1, "a") +
                 frame_of(3, 1, "") + frame_of(3, 1, "bc") + frame_of(8, 0, "") + kDeliver) == "");
}

TEST_CASE("append_method: a method is written by its bytes, or not at all") {
  std::string out = "before";
  const auto write = [](const std::string& name) {
    return [name](ByteWriter& to) {
      to.short_string(name);
      to.bits({true, false, true});
    };
  };
  CHECK(append_method(out, Method::basic_cancel, 4096, write("c")));
  CHECK(out == "before" + method_of(method(60, 30), short_text("c") + "\x05"));
  const std::string good = out;
  CHECK_FALSE(append_method(out, Method::basic_cancel, 4096, write(std::string(256, 'c'))));
  CHECK_FALSE(append_method(out, Method::basic_cancel, 13, write("c")));
  CHECK(out == good);
  CHECK(append_method(out, Method::basic_cancel, 15, write("c")));
  CHECK(append_method(out, Method::connection_close_ok, 4096, [](ByteWriter&) {}));
  CHECK(out.ends_with(method_of(method(10, 51))));
}
