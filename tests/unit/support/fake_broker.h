#pragma once

#include <arpa/inet.h>
#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <poll.h>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace iso::test {

// Numbers and strings as AMQP 0-9-1 section 4.2 writes them.
inline std::string integer(std::uint64_t value, std::size_t bytes) {
  std::string out;
  while (bytes-- > 0) out += static_cast<char>(value >> (8 * bytes));
  return out;
}
inline std::string short_text(std::string_view text) {
  return integer(text.size(), 1) + std::string(text);
}
inline std::string long_text(std::string_view text) {
  return integer(text.size(), 4) + std::string(text);
}

// A method by its class and number: section 1.4's tables.
constexpr std::uint32_t method(std::uint32_t class_id, std::uint32_t number) {
  return class_id << 16 | number;
}

constexpr std::size_t kLargestFrame = std::size_t{1} << 20;

// One client's connection, seen from the broker. Throws when the client does not do what is expected, or not
// within ten seconds.
class Peer {
 public:
  struct Frame {
    int type = 0, channel = 0;
    std::string payload;
    bool is(std::uint32_t id) const { return type == 1 && payload.starts_with(integer(id, 4)); }
  };

  explicit Peer(int fd) : fd_(fd) {}
  ~Peer() { hang_up(); }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  std::string read(std::size_t bytes) {
    std::string out(bytes, '\0');
    for (std::size_t have = 0; have < bytes;) {
      if (fd_ < 0) throw std::runtime_error("we hung up");
      pollfd ready{fd_, POLLIN, 0};
      if (poll(&ready, 1, 10'000) <= 0) throw std::runtime_error("the client says nothing");
      const ssize_t got = recv(fd_, out.data() + have, bytes - have, 0);
      if (got <= 0) throw std::runtime_error("the client hung up");
      have += static_cast<std::size_t>(got);
    }
    return out;
  }

  Frame frame() {
    const std::string head = read(7);
    const auto at = [&](std::size_t i) { return static_cast<unsigned char>(head[i]); };
    const std::size_t size =
        std::size_t{at(3)} << 24 | std::size_t{at(4)} << 16 | std::size_t{at(5)} << 8 | at(6);
    if (size > kLargestFrame) throw std::runtime_error("what the client says is no frame");
    Frame frame{at(0), at(1) << 8 | at(2), read(size)};
    if (read(1) != "\xCE") throw std::runtime_error("a frame without its end");
    if (frame.type == 8) ++heartbeats;
    return frame;
  }

  // The next method with this id; what comes before is passed over.
  Frame expect(std::uint32_t id) {
    for (;;)
      if (Frame next = frame(); next.is(id)) return next;
  }

  // Reads a whole message; gives the length of its body.
  std::size_t message() { return published().body.size(); }

  struct Message {
    std::string to;      // exchange and routing key, each as a short string
    std::string header;  // the payload of its header frame
    std::string body;
  };
  Message published() {
    Message message;
    const std::string method_frame = expect(method(60, 40)).payload;
    message.to = method_frame.substr(6, method_frame.size() - 7);
    message.header = frame().payload;
    std::size_t length = 0;
    for (std::size_t i = 4; i < 12; ++i) length = length << 8 | static_cast<unsigned char>(message.header[i]);
    while (message.body.size() < length) {
      if (const Frame part = frame(); part.type == 3) message.body += part.payload;
      if (message.body.size() < length) beat();  // a large one takes a while
    }
    return message;
  }
  // Says that no queue takes it.
  void give_back(const Message& message) {
    say_method(1, method(60, 50), integer(312, 2) + short_text("NO_ROUTE") + message.to);
    say(2, 1, message.header);
    if (!message.body.empty()) say(3, 1, message.body);
  }

  void say(int type, int channel, const std::string& payload) {
    say_raw(integer(static_cast<unsigned>(type), 1) + integer(static_cast<unsigned>(channel), 2) +
            long_text(payload) + "\xCE");
  }
  void say_raw(std::string_view bytes) {
    if (send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) < 0) gone_ = true;
  }
  bool is_there() const { return !gone_; }  // the client took what was said last
  void say_method(int channel, std::uint32_t id, const std::string& arguments = "") {
    say(1, channel, integer(id, 4) + arguments);
  }
  void beat() { say(8, 0, ""); }
  void ack(std::uint64_t tag, bool multiple) {
    say_method(1, method(60, 80), integer(tag, 8) + integer(multiple, 1));
  }
  void nack(std::uint64_t tag, bool multiple) {
    say_method(1, method(60, 120), integer(tag, 8) + integer(multiple, 1));
  }
  void deliver(std::uint64_t tag, std::string_view body) {
    say_method(1, method(60, 60),
               short_text("consumer") + integer(tag, 8) + integer(0, 1) + short_text("") + short_text("q"));
    say(2, 1, integer(60, 2) + integer(0, 2) + integer(body.size(), 8) + integer(0, 2));
    say(3, 1, std::string(body));
  }
  void close_connection(int code, std::string_view text) {
    say_method(0, method(10, 50), integer(static_cast<unsigned>(code), 2) + short_text(text) + integer(0, 4));
  }
  void close_channel(int code, std::string_view text) {
    say_method(1, method(20, 40), integer(static_cast<unsigned>(code), 2) + short_text(text) + integer(0, 4));
  }

  // As far as connection.open, which is not answered yet.
  void greet(int heartbeat = 0, bool confirms = true) {
    read(8);
    const std::string capabilities = short_text("publisher_confirms") + "t" + integer(confirms, 1);
    say_method(0, method(10, 10),
               integer(9, 2) + long_text(short_text("capabilities") + "F" + long_text(capabilities)) +
                   long_text("PLAIN") + long_text("en_US"));
    expect(method(10, 11));
    say_method(0, method(10, 30),
               integer(2047, 2) + integer(131072, 4) + integer(static_cast<unsigned>(heartbeat), 2));
    expect(method(10, 40));
  }
  void open(int heartbeat = 0, bool confirms = true) {
    greet(heartbeat, confirms);
    say_method(0, method(10, 41), short_text(""));
    open_channel();
  }
  void open_channel() {
    expect(method(20, 10));
    say_method(1, method(20, 11), long_text(""));
  }
  void queue_is_there(unsigned messages) {
    expect(method(50, 10));
    say_method(1, method(50, 11), short_text("q") + integer(messages, 4) + integer(0, 4));
  }
  // Says of what kind the queue is, which is asked by a consumer with an offset.
  void is_of_kind(std::string_view kind) {
    expect(method(60, 10));
    say_method(1, method(60, 11));
    expect(method(60, 20));
    close_channel(
        406, "PRECONDITION_FAILED - invalid arg 'x-stream-offset' for queue 'q' in vhost '/' of queue type " +
                 std::string(kind));
    open_channel();
  }
  // The queue and its consumer; gives the prefetch that was asked for.
  int consume(unsigned messages = 0, std::string_view kind = "rabbit_classic_queue") {
    queue_is_there(messages);
    is_of_kind(kind);
    return start_consumer();
  }
  void end_consumer() {  // that the client cancels, and waits for
    expect(method(60, 30));
    say_method(1, method(60, 31), short_text("consumer"));
  }
  int start_consumer() {
    const Frame qos = expect(method(60, 10));
    const auto at = [&](std::size_t i) { return static_cast<unsigned char>(qos.payload[i]); };
    say_method(1, method(60, 11));
    expect(method(60, 20));
    say_method(1, method(60, 21), short_text("consumer"));
    return at(8) << 8 | at(9);
  }

  void hang_up() {
    if (fd_ >= 0) close(std::exchange(fd_, -1));
  }
  void reset() {  // RST instead of FIN
    const linger now{1, 0};
    setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    hang_up();
  }
  void read_to_end() {  // until the client is gone, or wants to go
    try {
      while (!frame().is(method(10, 50))) continue;
      say_method(0, method(10, 51));
    } catch (const std::exception&) {
    }
  }

  int heartbeats = 0;  // that the client sent

 private:
  int fd_;
  bool gone_ = false;
};

// A broker on loopback for one client, that does what its script says. join() gives what went wrong, or "".
class FakeBroker {
 public:
  explicit FakeBroker(std::function<void(Peer&)> script) : listener_(socket(AF_INET, SOCK_STREAM, 0)) {
    const int small = 8192;  // so that a message of a few megabytes does not fit the kernel's buffers
    setsockopt(listener_, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(listener_, 1) != 0)
      throw std::runtime_error("no port on loopback");
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this, script = std::move(script)] { run(script); });
  }
  ~FakeBroker() {
    join();
    close(listener_);
  }
  FakeBroker(const FakeBroker&) = delete;
  FakeBroker& operator=(const FakeBroker&) = delete;

  std::string host() const { return "127.0.0.1:" + std::to_string(port_); }
  bool was_asked() const { return asked_; }
  std::string join() {
    shutdown(listener_, SHUT_RDWR);  // ends an accept that nobody came to
    if (thread_.joinable()) thread_.join();
    return failure_;
  }

 private:
  void run(const std::function<void(Peer&)>& script) {
    const int client = accept(listener_, nullptr, nullptr);
    if (client < 0) return;
    asked_ = true;
    Peer peer(client);
    try {
      script(peer);
    } catch (const std::exception& error) {
      failure_ = error.what();
    }
  }

  int listener_;
  std::uint16_t port_ = 0;
  std::atomic<bool> asked_ = false;
  std::string failure_;
  std::thread thread_;
};

}  // namespace iso::test
