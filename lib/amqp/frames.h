#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

#include "amqp/bytes.h"

// The frames of AMQP 0-9-1 (section 4.2): what a broker may send us, and what we send. All that is read
// points into the bytes that it was read from. What is not as the standard has it throws
// ErrorKind::unavailable, with what it was.
namespace iso::amqp {

inline constexpr std::uint16_t kChannel = 1;  // the only one; 0 is the connection
inline constexpr std::size_t kFrameOverhead = 8;
inline constexpr std::size_t kFrameMin = 4096;  // what every peer must take: section 4.2.3

// ---- what a broker sends

enum class FrameType : std::uint8_t { method = 1, header = 2, body = 3, heartbeat = 8 };

struct RawFrame {
  FrameType type = FrameType::heartbeat;
  std::uint16_t channel = 0;
  std::string_view payload;

  std::size_t size() const { return payload.size() + kFrameOverhead; }
};
// The frame that `bytes` begin with; nothing if it is not all there. `most`: bytes that a frame may have.
std::optional<RawFrame> read_frame(std::string_view bytes, std::size_t most);

// Each method by its name in section 1.4, with the arguments that mean something to us.
struct ConnectionStart {
  std::uint8_t major = 0, minor = 0;
  std::string_view server;      // its properties, for read_table() of amqp/fields.h
  std::string_view mechanisms;  // parted by spaces
};
struct ConnectionTune {  // 0: no limit
  std::uint16_t channel_max = 0;
  std::uint32_t frame_max = 0;
  std::uint16_t heartbeat = 0;  // seconds
};
struct ConnectionOpenOk {};
struct ConnectionClose {
  std::uint16_t code = 0;
  std::string_view text;
};
struct ConnectionCloseOk {};
struct ConnectionBlocked {
  std::string_view reason;
};
struct ConnectionUnblocked {};
struct ChannelOpenOk {};
struct ChannelFlow {};
struct ChannelClose {
  std::uint16_t code = 0;
  std::string_view text;
};
struct ChannelCloseOk {};
struct ExchangeDeclareOk {};
struct QueueDeclareOk {
  std::string_view queue;
  std::uint32_t messages = 0, consumers = 0;
};
struct QueueBindOk {};
struct BasicQosOk {};
struct BasicConsumeOk {
  std::string_view consumer;
};
struct BasicCancel {  // RabbitMQ's: the queue, or its node, is gone
  std::string_view consumer;
};
struct BasicCancelOk {
  std::string_view consumer;
};
struct BasicReturn {
  std::uint16_t code = 0;
  std::string_view text, exchange, routing_key;
};
struct BasicDeliver {
  std::string_view consumer;
  std::uint64_t tag = 0;
  bool redelivered = false;
  std::string_view exchange, routing_key;
};
struct BasicAck {
  std::uint64_t tag = 0;
  bool multiple = false;
};
struct BasicNack {
  std::uint64_t tag = 0;
  bool multiple = false;
};
struct ConfirmSelectOk {};

// Of a message that comes; always after a deliver or a return.
struct ContentHeader {
  std::uint64_t body_size = 0;
  std::string_view properties;  // flags and values: read_properties() of amqp/properties.h
};
struct ContentBody {
  std::string_view bytes;
};

using Frame = std::variant<std::monostate, ConnectionStart, ConnectionTune, ConnectionOpenOk, ConnectionClose,
                           ConnectionCloseOk, ConnectionBlocked, ConnectionUnblocked, ChannelOpenOk,
                           ChannelFlow, ChannelClose, ChannelCloseOk, ExchangeDeclareOk, QueueDeclareOk,
                           QueueBindOk, BasicQosOk, BasicConsumeOk, BasicCancel, BasicCancelOk, BasicReturn,
                           BasicDeliver, BasicAck, BasicNack, ConfirmSelectOk, ContentHeader, ContentBody>;

static_assert(std::is_trivially_copyable_v<Frame>);  // one is made for each frame that comes

// What a frame says; a heartbeat is std::monostate. A method must be on the channel of its class.
Frame decode(const RawFrame& frame);

// Whether a frame of channel 1 answers something that was asked.
bool is_answer(const Frame& frame);
// Whether it comes by itself, at any time.
bool is_news(const Frame& frame);

// Holds the frames of channel 1 to their order (section 4.2.6): a header follows a deliver or a return, and
// only there; then as much body as it announced, and nothing else before that is done.
class ContentOrder {
 public:
  void check(const Frame& frame);

 private:
  enum class Next { method, header, body } next_ = Next::method;
  std::uint64_t left_ = 0;
};

// ---- what we send

// One frame at the end of `out`: its head is there after the constructor, its payload is added by out(), and
// finish() ends it.
class FrameWriter {
 public:
  FrameWriter(std::string& out, FrameType type, std::uint16_t channel);
  ByteWriter& out() { return writer_; }
  // False, and all of it is taken back, if it is larger than `most` or a name does not fit its length.
  [[nodiscard]] bool finish(std::size_t most);

 private:
  std::string& bytes_;
  std::size_t begin_;
  ByteWriter writer_;
};

// Methods, as class << 16 | number: section 1.4.
enum class Method : std::uint32_t {
  connection_start_ok = 10 << 16 | 11,
  connection_tune_ok = 10 << 16 | 31,
  connection_open = 10 << 16 | 40,
  connection_close = 10 << 16 | 50,
  connection_close_ok = 10 << 16 | 51,
  channel_open = 20 << 16 | 10,
  channel_close = 20 << 16 | 40,
  channel_close_ok = 20 << 16 | 41,
  exchange_declare = 40 << 16 | 10,
  queue_declare = 50 << 16 | 10,
  queue_bind = 50 << 16 | 20,
  basic_qos = 60 << 16 | 10,
  basic_consume = 60 << 16 | 20,
  basic_cancel = 60 << 16 | 30,
  basic_publish = 60 << 16 | 40,
  basic_ack = 60 << 16 | 80,
  basic_nack = 60 << 16 | 120,
  confirm_select = 85 << 16 | 10,
};

// A method whose arguments `write` adds.
template <class Write>
[[nodiscard]] bool append_method(std::string& out, Method method, std::size_t most, Write write) {
  const auto id = static_cast<std::uint32_t>(method);
  FrameWriter frame(out, FrameType::method, id >> 16 == 10 ? std::uint16_t{0} : kChannel);
  frame.out().integer(id);
  write(frame.out());
  return frame.finish(most);
}

}  // namespace iso::amqp
