// How a Connection lays out frames: the library encodes what is in them.
#include <algorithm>

#include "amqp/connection.h"

namespace iso::amqp {
namespace {

constexpr std::size_t kFrameHead = 7, kFrameOverhead = 8;  // type, channel, size; and the end: section 4.2.3

void put_integer(char* at, std::uint64_t value, std::size_t bytes) {  // network order
  for (std::size_t i = 0; i < bytes; ++i) at[i] = static_cast<char>(value >> (8 * (bytes - 1 - i)));
}

std::uint64_t get_integer(const char* at, std::size_t bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes; ++i) value = value << 8 | static_cast<unsigned char>(at[i]);
  return value;
}

}  // namespace

char* Connection::grow(std::size_t bytes) {
  out_.resize(out_.size() + bytes);
  return out_.data() + out_.size() - bytes;
}

// Leaves room for the head of a frame; gives where its payload starts.
std::size_t Connection::begin_frame() {
  grow(kFrameHead);
  return out_.size();
}

// Ends the frame whose payload is what was added since.
void Connection::end_frame(std::uint8_t type, amqp_channel_t channel, std::size_t payload_at) {
  char* head = out_.data() + payload_at - kFrameHead;
  put_integer(head, type, 1);
  put_integer(head + 1, channel, 2);
  put_integer(head + 3, out_.size() - payload_at, 4);
  *grow(1) = static_cast<char>(AMQP_FRAME_END);
}

template <class Encode>
bool Connection::append_encoded(std::size_t most, Encode encode) {
  const int length = encode(amqp_bytes_t{most, scratch_.data()});
  if (length > 0) out_.insert(out_.end(), scratch_.data(), scratch_.data() + length);
  return length >= 0;
}

bool Connection::append_method(amqp_channel_t channel, amqp_method_number_t id, const void* method) {
  const std::size_t before = out_.size(), payload = begin_frame();
  put_integer(grow(4), id, 4);
  const bool fits = append_encoded(frame_max_ - kFrameOverhead - 4, [&](amqp_bytes_t space) {
    return amqp_encode_method(id, const_cast<void*>(method), space);
  });
  if (fits) {
    end_frame(AMQP_FRAME_METHOD, channel, payload);
  } else {
    out_.resize(before);
  }
  return fits;
}

bool Connection::publish(std::string_view exchange, std::string_view routing_key, bool mandatory,
                         const amqp_basic_properties_t& properties, std::string_view body) {
  const std::size_t before = out_.size();
  const amqp_basic_publish_t method{0, bytes_of(exchange), bytes_of(routing_key), mandatory, false};
  if (!append_method(kChannel, AMQP_BASIC_PUBLISH_METHOD, &method)) return false;

  std::size_t payload = begin_frame();
  char* head = grow(12);
  put_integer(head, AMQP_BASIC_CLASS, 2);
  put_integer(head + 2, 0, 2);
  put_integer(head + 4, body.size(), 8);
  const bool fits = append_encoded(frame_max_ - kFrameOverhead - 12, [&](amqp_bytes_t space) {
    return amqp_encode_properties(AMQP_BASIC_CLASS, const_cast<amqp_basic_properties_t*>(&properties), space);
  });
  if (!fits) {
    out_.resize(before);
    return false;
  }
  end_frame(AMQP_FRAME_HEADER, kChannel, payload);

  const std::size_t part_max = std::min(frame_max_, tls_ ? kTlsAtOnce : frame_max_) - kFrameOverhead;
  for (; !body.empty(); body.remove_prefix(std::min(body.size(), part_max))) {
    const auto part = body.substr(0, part_max);
    payload = begin_frame();
    out_.insert(out_.end(), part.begin(), part.end());
    end_frame(AMQP_FRAME_BODY, kChannel, payload);
  }
  return true;
}

void Connection::settle(std::uint64_t tag, Disposition how, bool multiple) {
  if (how == Disposition::ack) {
    const amqp_basic_ack_t ack{tag, multiple};
    append_method(kChannel, AMQP_BASIC_ACK_METHOD, &ack);
  } else {
    const amqp_basic_nack_t nack{tag, multiple, how != Disposition::dead_letter};
    append_method(kChannel, AMQP_BASIC_NACK_METHOD, &nack);
  }
}

void Connection::append_heartbeat() {
  end_frame(AMQP_FRAME_HEARTBEAT, 0, begin_frame());
}

std::string_view Connection::first_frame() const {
  const char* head = out_.data() + begin_;
  return {head, get_integer(head + 3, 4) + kFrameOverhead};
}

// Over TLS only the library can write, and only frames that it lays out itself.
int Connection::send_by_library(std::string_view bytes) {
  const char* head = bytes.data();
  const char* payload = head + kFrameHead;
  const auto from = [&](std::size_t at) {
    return bytes_of(bytes.substr(kFrameHead + at, bytes.size() - kFrameOverhead - at));
  };
  amqp_frame_t frame{};
  frame.frame_type = static_cast<std::uint8_t>(*head);
  frame.channel = static_cast<amqp_channel_t>(get_integer(head + 1, 2));
  int status = AMQP_STATUS_OK;
  if (frame.frame_type == AMQP_FRAME_METHOD) {
    auto& method = frame.payload.method;
    method.id = static_cast<amqp_method_number_t>(get_integer(payload, 4));
    status = amqp_decode_method(method.id, pool_.get(), from(4), &method.decoded);
  } else if (frame.frame_type == AMQP_FRAME_HEADER) {
    auto& properties = frame.payload.properties;
    properties.class_id = static_cast<std::uint16_t>(get_integer(payload, 2));
    properties.body_size = get_integer(payload + 4, 8);
    status = amqp_decode_properties(properties.class_id, pool_.get(), from(12), &properties.decoded);
  } else if (frame.frame_type == AMQP_FRAME_BODY) {
    frame.payload.body_fragment = from(0);
  }
  if (status >= 0) status = amqp_send_frame(connection_.get(), &frame);
  pool_.recycle();
  return status;
}

}  // namespace iso::amqp
