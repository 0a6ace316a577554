#include "amqp/frames.h"

#include <fmt/core.h>

namespace iso::amqp {
namespace {

constexpr std::size_t kHead = 7;  // type, channel, size
constexpr char kEnd = '\xCE';
constexpr std::uint16_t kConnectionClass = 10, kBasicClass = 60;

constexpr std::uint32_t id(std::uint16_t class_id, std::uint16_t method) {
  return std::uint32_t{class_id} << 16 | method;
}

FrameType type_of(std::uint8_t type) {
  switch (static_cast<FrameType>(type)) {
    case FrameType::method:
    case FrameType::header:
    case FrameType::body:
    case FrameType::heartbeat:
      return static_cast<FrameType>(type);
  }
  bad_frame(fmt::format("a frame of the unknown type {}", type));
}

// ---- methods

ConnectionStart read_start(ByteReader& in) {
  ConnectionStart start;
  start.major = in.octet();
  start.minor = in.octet();
  start.server = in.long_string();
  start.mechanisms = in.long_string();
  in.long_string();  // locales
  return start;
}

ConnectionTune read_tune(ByteReader& in) {
  ConnectionTune tune;
  tune.channel_max = in.short_integer();
  tune.frame_max = in.long_integer();
  tune.heartbeat = in.short_integer();
  return tune;
}

template <class Close>
Close read_close(ByteReader& in) {
  Close close;
  close.code = in.short_integer();
  close.text = in.short_string();
  in.long_integer();  // the class and the method that it is about
  return close;
}

QueueDeclareOk read_queue(ByteReader& in) {
  QueueDeclareOk ok;
  ok.queue = in.short_string();
  ok.messages = in.long_integer();
  ok.consumers = in.long_integer();
  return ok;
}

BasicCancel read_cancel(ByteReader& in) {
  const BasicCancel cancel{in.short_string()};
  in.octet();  // no-wait, which it always is
  return cancel;
}

BasicReturn read_return(ByteReader& in) {
  BasicReturn back;
  back.code = in.short_integer();
  if (back.code == 0) bad_frame("a return with the reply code 0");
  back.text = in.short_string();
  back.exchange = in.short_string();
  back.routing_key = in.short_string();
  return back;
}

BasicDeliver read_deliver(ByteReader& in) {
  BasicDeliver deliver;
  deliver.consumer = in.short_string();
  deliver.tag = in.longlong_integer();
  deliver.redelivered = (in.octet() & 1) != 0;
  deliver.exchange = in.short_string();
  deliver.routing_key = in.short_string();
  return deliver;
}

template <class Settlement>
Settlement read_settlement(ByteReader& in) {
  Settlement settlement;
  settlement.tag = in.longlong_integer();
  settlement.multiple = (in.octet() & 1) != 0;
  return settlement;
}

Frame read_method(std::uint32_t method, ByteReader& in) {
  switch (method) {
    case id(10, 10):
      return read_start(in);
    case id(10, 30):
      return read_tune(in);
    case id(10, 41):
      in.short_string();  // reserved
      return ConnectionOpenOk{};
    case id(10, 50):
      return read_close<ConnectionClose>(in);
    case id(10, 51):
      return ConnectionCloseOk{};
    case id(10, 60):
      return ConnectionBlocked{in.short_string()};
    case id(10, 61):
      return ConnectionUnblocked{};
    case id(20, 11):
      in.long_string();  // reserved
      return ChannelOpenOk{};
    case id(20, 20):
      in.octet();  // on or off
      return ChannelFlow{};
    case id(20, 40):
      return read_close<ChannelClose>(in);
    case id(20, 41):
      return ChannelCloseOk{};
    case id(40, 11):
      return ExchangeDeclareOk{};
    case id(50, 11):
      return read_queue(in);
    case id(50, 21):
      return QueueBindOk{};
    case id(60, 11):
      return BasicQosOk{};
    case id(60, 21):
      return BasicConsumeOk{in.short_string()};
    case id(60, 30):
      return read_cancel(in);
    case id(60, 31):
      return BasicCancelOk{in.short_string()};
    case id(60, 50):
      return read_return(in);
    case id(60, 60):
      return read_deliver(in);
    case id(60, 80):
      return read_settlement<BasicAck>(in);
    case id(60, 120):
      return read_settlement<BasicNack>(in);
    case id(85, 11):
      return ConfirmSelectOk{};
    default:
      bad_frame(fmt::format("the method {}.{}, which no client is sent", method >> 16, method & 0xFFFF));
  }
}

Frame decode_method(const RawFrame& frame) {
  ByteReader in(frame.payload);
  const std::uint32_t method = in.long_integer();
  const bool of_connection = method >> 16 == kConnectionClass;
  if (of_connection != (frame.channel == 0))
    bad_frame(fmt::format("the method {}.{} on channel {}", method >> 16, method & 0xFFFF, frame.channel));
  Frame read = read_method(method, in);
  in.must_be_at_end();
  return read;
}

ContentHeader decode_header(const RawFrame& frame) {
  if (frame.channel == 0) bad_frame("content on channel 0");
  ByteReader in(frame.payload);
  const std::uint16_t class_id = in.short_integer();
  if (class_id != kBasicClass) bad_frame(fmt::format("a content header of class {}", class_id));
  in.short_integer();  // weight: unused
  ContentHeader header;
  header.body_size = in.longlong_integer();
  header.properties = frame.payload.substr(12);
  return header;
}

}  // namespace

std::optional<RawFrame> read_frame(std::string_view bytes, std::size_t most) {
  if (bytes.size() < kHead) return std::nullopt;
  ByteReader in(bytes);
  RawFrame frame;
  frame.type = type_of(in.octet());
  frame.channel = in.short_integer();
  if (frame.channel > kChannel) bad_frame(fmt::format("a frame on channel {}", frame.channel));
  const std::uint32_t size = in.long_integer();
  if (size + kFrameOverhead > most)
    bad_frame(fmt::format("a frame of {} bytes, more than the {} that were agreed on", size + kFrameOverhead,
                          most));
  if (bytes.size() < size + kFrameOverhead) return std::nullopt;
  frame.payload = in.take(size);
  if (in.take(1).front() != kEnd) bad_frame("a frame without its end");
  return frame;
}

Frame decode(const RawFrame& frame) {
  switch (frame.type) {
    case FrameType::method:
      return decode_method(frame);
    case FrameType::header:
      return decode_header(frame);
    case FrameType::body:
      if (frame.channel == 0) bad_frame("content on channel 0");
      return ContentBody{frame.payload};
    case FrameType::heartbeat:
      if (frame.channel != 0 || !frame.payload.empty()) bad_frame("a heartbeat that carries something");
      break;
  }
  return std::monostate{};
}

template <class... Kinds>
static bool is_one_of(const Frame& frame) {
  return (std::holds_alternative<Kinds>(frame) || ...);
}

bool is_answer(const Frame& frame) {
  return is_one_of<ChannelOpenOk, ChannelCloseOk, ExchangeDeclareOk, QueueDeclareOk, QueueBindOk, BasicQosOk,
                   BasicConsumeOk, BasicCancelOk, ConfirmSelectOk>(frame);
}

bool is_news(const Frame& frame) {
  return is_one_of<BasicDeliver, BasicReturn, ContentHeader, ContentBody, BasicAck, BasicNack, BasicCancel>(
      frame);
}

void ContentOrder::check(const Frame& frame) {
  const auto* header = std::get_if<ContentHeader>(&frame);
  const auto* body = std::get_if<ContentBody>(&frame);
  if (next_ == Next::header) {
    if (!header) bad_frame("a message without its header");
    left_ = header->body_size;
    next_ = left_ == 0 ? Next::method : Next::body;
    return;
  }
  if (header) bad_frame("a content header that belongs to no message");
  if (next_ == Next::body) {
    if (!body) bad_frame("a method in the middle of a message");
    if (body->bytes.size() > left_) bad_frame("more of a body than was announced");
    left_ -= body->bytes.size();
    if (left_ == 0) next_ = Next::method;
    return;
  }
  if (body) bad_frame("a body that belongs to no message");
  if (std::holds_alternative<BasicDeliver>(frame) || std::holds_alternative<BasicReturn>(frame))
    next_ = Next::header;
}

FrameWriter::FrameWriter(std::string& out, FrameType type, std::uint16_t channel)
    : bytes_(out), begin_(out.size()), writer_(out) {
  writer_.octet(static_cast<std::uint8_t>(type));
  writer_.integer(channel);
  writer_.begin_long();
}

bool FrameWriter::finish(std::size_t most) {
  writer_.end_long(begin_ + kHead);
  writer_.raw({&kEnd, 1});
  if (writer_.fits() && bytes_.size() - begin_ <= most) return true;
  bytes_.resize(begin_);
  return false;
}

}  // namespace iso::amqp
