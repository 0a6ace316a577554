// A broker that says anything at all: the real sink and the real source end or go on, in a bounded number of
// turns, with an Error and nothing else; what was not answered has no result, and what was not delivered is
// not taken. The input is what the broker sends after a login and the answers to the first calls, which are
// always the same, so that what is tried comes after them; its first byte says to which end.
#include <array>
#include <sys/socket.h>
#include <vector>

#include "amqp/amqp.h"
#include "amqp/frames.h"
#include "amqp/tcp.h"
#include "base/error.h"
#include "require.h"

using namespace iso;
using namespace iso::amqp;
using fuzz::require;

namespace {

constexpr std::size_t kMost = 100'000;  // bytes, which fit a socket's buffer
constexpr int kTurns = 50;
constexpr Ticket kMessages = 5;

int next_socket = -1;

std::string integer(std::uint64_t value, std::size_t bytes) {
  std::string out;
  while (bytes-- > 0) out += static_cast<char>(value >> (8 * bytes));
  return out;
}
std::string short_text(std::string_view text) {
  return integer(text.size(), 1) + std::string(text);
}
std::string long_text(std::string_view text) {
  return integer(text.size(), 4) + std::string(text);
}
std::string say(std::uint64_t class_id, std::uint64_t method, const std::string& arguments = "") {
  return integer(1, 1) + integer(class_id == 10 ? 0 : 1, 2) +
         long_text(integer(class_id, 2) + integer(method, 2) + arguments) + '\xCE';
}

std::string login() {
  const std::string server =
      short_text("capabilities") + "F" + long_text(short_text("publisher_confirms") + "t\1");
  return say(10, 10, integer(9, 2) + long_text(server) + long_text("PLAIN") + long_text("en_US")) +
         say(10, 30, integer(1, 2) + integer(131'072, 4) + integer(0, 2)) + say(10, 41, short_text("")) +
         say(20, 11, long_text(""));
}
std::string consumer() {
  const std::string refused =
      integer(406, 2) + short_text("of queue type rabbit_classic_queue") + integer(0, 4);
  return say(50, 11, short_text("q") + integer(3, 4) + integer(0, 4)) + say(60, 11) + say(20, 40, refused) +
         say(20, 11, long_text("")) + say(60, 11) + say(60, 21, short_text("c"));
}

// All of it is there at once, and then the end.
void have_said(const std::string& bytes) {
  std::array<int, 2> pair{};
  require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) == 0, "a socket pair");
  const Descriptor broker = Descriptor::own(pair[1]);
  next_socket = pair[0];
  require(send(broker.get(), bytes.data(), bytes.size(), MSG_DONTWAIT) == static_cast<ssize_t>(bytes.size()),
          "what the broker says fits");
}

void publish_to(Sink& sink) {
  Record record;
  record.routing_key = "k";
  record.body = "x";
  for (Ticket ticket = 1; ticket <= kMessages; ++ticket) sink.put(ticket, record);
  sink.flush();
  std::array<bool, kMessages + 1> known{};
  for (int turn = 0; turn < kTurns; ++turn) {
    std::vector<DeliveryResult> results;
    sink.results(results);
    for (const DeliveryResult& result : results) {
      require(result.ticket >= 1 && result.ticket <= kMessages, "a result is of a message that was put");
      require(!std::exchange(known[result.ticket], true), "a message has one result");
    }
  }
}

void listen_to(Source& source) {
  Ticket last = 0;
  std::vector<Delivery> taken;
  for (int turn = 0; turn < kTurns; ++turn) {
    taken.clear();
    if (source.take(10, taken) == SourceState::ended) break;
    for (const Delivery& delivery : taken) {
      require(delivery.ticket == ++last, "deliveries are numbered in their order");
      source.settle(delivery.ticket, Disposition::ack, "");
    }
    source.flush();
  }
}

}  // namespace

// In place of the one of lib/amqp/tcp.cpp.
Descriptor iso::amqp::connect_tcp(const std::string&, std::uint16_t, Deadline&) {
  return Descriptor::own(std::exchange(next_socket, -1));
}

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > kMost) return 0;
  const bool to_source = (data[0] & 1) != 0;
  have_said(login() + (to_source ? consumer() : "") + std::string(fuzz::text_of(data + 1, size - 1)));
  const Url url = parse_url("amqp://broker/");
  try {
    if (to_source) {
      SourceOptions options;
      options.queue = "q";
      options.max_message = kMost;
      listen_to(*open_amqp_source(url, options));
    } else {
      publish_to(*open_amqp_sink(url, {}));
    }
  } catch (const Error& error) {
    require(error.kind() == ErrorKind::unavailable || error.kind() == ErrorKind::data ||
                error.kind() == ErrorKind::missing || error.kind() == ErrorKind::refused,
            "what ends it is the broker's fault", error.what());
  }
  return 0;
}
