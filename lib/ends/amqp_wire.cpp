#include "ends/amqp_wire.h"

#include <algorithm>
#include <amqp_framing.h>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/error.h"

namespace iso {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kFrameOverhead = 8;  // type, channel, size and end: section 4.2.3
constexpr milliseconds kCloseTime{2000};
constexpr std::size_t kKeepBuffer = 1 << 20;

void put_integer(char* at, std::uint64_t value, std::size_t bytes) {  // network order
  for (std::size_t i = 0; i < bytes; ++i) at[i] = static_cast<char>(value >> (8 * (bytes - 1 - i)));
}

}  // namespace

Wire::Wire(const Url& url, const EndOptions& options)
    : name_(redacted(url)), timeout_(options.timeout), tls_(url.scheme == "amqps") {
  connect(url, options);
  login(url, options);
  alive_ = true;
  open_channel();
}

Wire::~Wire() {
  if (!alive_ || has_unwritten()) return;  // a half-written frame cannot be followed by a close
  if (nothing_open_) {
    amqp_connection_close_t close{AMQP_REPLY_SUCCESS, amqp_cstring_bytes("done"), 0, 0};
    amqp_send_method(connection_.get(), 0, AMQP_CONNECTION_CLOSE_METHOD, &close);
    return;
  }
  timeval limit = timeval_of(kCloseTime);
  amqp_set_rpc_timeout(connection_.get(), &limit);
  amqp_connection_close(connection_.get(), AMQP_REPLY_SUCCESS);
}

// ---- asking and being answered

void Wire::lost(std::string_view task, std::string_view why) const {
  throw Error(Kind::unavailable, fmt::format("{}: {}: {}", name_, task, why));
}

void Wire::connection_closed(const amqp_connection_close_t& close) const {
  lost("the broker closed the connection", view(close.reply_text));
}

void Wire::check(int status, std::string_view task) const {
  if (status != AMQP_STATUS_OK) lost(task, amqp_error_string2(status));
}

Wire::Answer Wire::answer(std::string_view task) {
  const amqp_rpc_reply_t reply = amqp_get_rpc_reply(connection_.get());
  if (reply.reply_type == AMQP_RESPONSE_NORMAL) return std::nullopt;
  if (reply.reply_type == AMQP_RESPONSE_SERVER_EXCEPTION) {
    if (reply.reply.id == AMQP_CHANNEL_CLOSE_METHOD)
      return reopen(*static_cast<amqp_channel_close_t*>(reply.reply.decoded));
    alive_ = false;
    if (reply.reply.id == AMQP_CONNECTION_CLOSE_METHOD)
      connection_closed(*static_cast<amqp_connection_close_t*>(reply.reply.decoded));
  }
  alive_ = false;
  lost(task, amqp_error_string2(reply.library_error));
}

Refusal Wire::reopen(const amqp_channel_close_t& close) {
  Refusal refusal{close.reply_code, std::string(view(close.reply_text))};
  write_all();  // the broker throws away what it gets until close-ok
  amqp_channel_close_ok_t ok{};
  check(amqp_send_method(connection_.get(), kChannel, AMQP_CHANNEL_CLOSE_OK_METHOD, &ok),
        "closing the channel");
  amqp_maybe_release_buffers(connection_.get());
  open_channel();
  return refusal;
}

void Wire::open_channel() {
  amqp_channel_open(connection_.get(), kChannel);
  if (const auto refusal = answer("opening a channel")) lost("opening a channel", refusal->text);
}

Wire::Answer Wire::declare_queue(std::string_view name, QueueOptions options, Queue& queue) {
  write_all();
  const auto* ok =
      amqp_queue_declare(connection_.get(), kChannel, bytes_of(name), options.passive, options.durable,
                         options.exclusive, options.auto_delete, amqp_empty_table);
  if (ok) {
    queue = {std::string(view(ok->queue)), ok->message_count};
    return std::nullopt;
  }
  return answer("declaring a queue");
}

Wire::Answer Wire::declare_exchange(std::string_view name, std::string_view type, bool passive) {
  write_all();
  amqp_exchange_declare(connection_.get(), kChannel, bytes_of(name), bytes_of(type), passive, true, false,
                        false, amqp_empty_table);
  return answer("declaring an exchange");
}

Wire::Answer Wire::bind(std::string_view queue, std::string_view exchange, std::string_view routing_key) {
  write_all();
  amqp_queue_bind(connection_.get(), kChannel, bytes_of(queue), bytes_of(exchange), bytes_of(routing_key),
                  amqp_empty_table);
  return answer("binding a queue");
}

Wire::Answer Wire::consume(std::string_view queue, std::uint16_t prefetch) {
  amqp_basic_qos(connection_.get(), kChannel, 0, prefetch, false);
  if (auto refusal = answer("setting the prefetch")) return refusal;
  const auto* ok = amqp_basic_consume(connection_.get(), kChannel, bytes_of(queue), amqp_empty_bytes, false,
                                      false, false, amqp_empty_table);
  if (!ok) return answer("consuming");
  consumer_tag_ = view(ok->consumer_tag);
  return std::nullopt;
}

void Wire::cancel() {
  if (consumer_tag_.empty()) return;
  amqp_basic_cancel(connection_.get(), kChannel, bytes_of(consumer_tag_));
  consumer_tag_.clear();
  answer("ending consumption");
}

// Without waiting for an answer: a broker that has no confirms closes the channel, which shows like any other
// close.
void Wire::select_confirms() {
  amqp_confirm_select_t method{.nowait = 1};
  check(amqp_send_method(connection_.get(), kChannel, AMQP_CONFIRM_SELECT_METHOD, &method),
        "asking for confirms");
}

// ---- writing

char* Wire::grow(std::size_t bytes) {
  out_.resize(out_.size() + bytes);
  return out_.data() + out_.size() - bytes;
}

// Leaves room for the head of a frame; gives where its payload starts.
std::size_t Wire::begin_frame() {
  grow(kFrameOverhead - 1);
  return out_.size();
}

// Ends the frame whose payload is what was added since.
void Wire::append_frame(std::uint8_t type, std::size_t payload_at) {
  char* head = out_.data() + payload_at - (kFrameOverhead - 1);
  put_integer(head, type, 1);
  put_integer(head + 1, kChannel, 2);
  put_integer(head + 3, out_.size() - payload_at, 4);
  *grow(1) = static_cast<char>(AMQP_FRAME_END);
}

// rabbitmq-c writes each frame with a system call of its own. Many messages in one write halve what a message
// costs; frames are laid out here, their contents encoded by the library. Over TLS the library writes.
bool Wire::publish(std::string_view exchange, std::string_view routing_key, bool mandatory,
                   const amqp_basic_properties_t& properties, std::string_view body) {
  amqp_basic_publish_t method{0, bytes_of(exchange), bytes_of(routing_key), mandatory, false};
  if (tls_) {
    const int status = amqp_basic_publish(connection_.get(), kChannel, method.exchange, method.routing_key,
                                          mandatory, false, &properties, bytes_of(body));
    if (status == AMQP_STATUS_TABLE_TOO_BIG) return false;
    check(status, "publishing");
    return true;
  }
  const std::size_t before = out_.size();
  const std::size_t payload_max = frame_max_ - kFrameOverhead;
  const auto append_encoded = [&](std::size_t most, auto encode) {
    const int length = encode(amqp_bytes_t{most, scratch_.data()});
    if (length > 0) out_.insert(out_.end(), scratch_.data(), scratch_.data() + length);
    return length >= 0;
  };

  std::size_t payload = begin_frame();
  put_integer(grow(4), AMQP_BASIC_PUBLISH_METHOD, 4);
  append_encoded(payload_max - 4, [&](amqp_bytes_t space) {
    return amqp_encode_method(AMQP_BASIC_PUBLISH_METHOD, &method, space);
  });
  append_frame(AMQP_FRAME_METHOD, payload);

  payload = begin_frame();
  char* head = grow(12);
  put_integer(head, AMQP_BASIC_CLASS, 2);
  put_integer(head + 2, 0, 2);
  put_integer(head + 4, body.size(), 8);
  const bool fits = append_encoded(payload_max - 12, [&](amqp_bytes_t space) {
    return amqp_encode_properties(AMQP_BASIC_CLASS, const_cast<amqp_basic_properties_t*>(&properties), space);
  });
  if (!fits) {
    out_.resize(before);
    return false;
  }
  append_frame(AMQP_FRAME_HEADER, payload);

  for (; !body.empty(); body.remove_prefix(std::min(body.size(), payload_max))) {
    const auto part = body.substr(0, payload_max);
    payload = begin_frame();
    out_.insert(out_.end(), part.begin(), part.end());
    append_frame(AMQP_FRAME_BODY, payload);
  }
  return true;
}

void Wire::settle(std::uint64_t tag, Settle how, bool multiple) {
  const int status = how == Settle::ack ? amqp_basic_ack(connection_.get(), kChannel, tag, multiple)
                                        : amqp_basic_nack(connection_.get(), kChannel, tag, multiple,
                                                          how == Settle::requeue);
  check(status, "settling");
}

void Wire::write_some() {
  while (has_unwritten()) {
    const ssize_t wrote = send(amqp_get_sockfd(connection_.get()), out_.data() + begin_, out_.size() - begin_,
                               MSG_NOSIGNAL | MSG_DONTWAIT);
    if (wrote > 0) {
      begin_ += static_cast<std::size_t>(wrote);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return;
    } else if (errno != EINTR) {
      alive_ = false;
      lost("the connection broke", std::strerror(errno));
    }
  }
  out_.clear();
  begin_ = 0;
  if (out_.capacity() > kKeepBuffer) out_.shrink_to_fit();
}

void Wire::write_all() {
  const auto until = std::chrono::steady_clock::now() + timeout_;
  for (write_some(); has_unwritten(); write_some()) {
    if (std::chrono::steady_clock::now() > until) lost("writing", "the broker does not read");
    wait_any({{amqp_get_sockfd(connection_.get()), POLLOUT, std::nullopt}}, milliseconds(200));
  }
}

// ---- reading

bool Wire::next_frame(amqp_frame_t& frame) {
  while (!has_unwritten()) {
    amqp_maybe_release_buffers(connection_.get());
    timeval now{0, 0};
    const int status = amqp_simple_wait_frame_noblock(connection_.get(), &frame, &now);
    if (status == AMQP_STATUS_TIMEOUT) return false;
    if (status != AMQP_STATUS_OK) {
      alive_ = false;
      lost("the connection broke", amqp_error_string2(status));
    }
    if (frame.channel == kChannel) return true;
    take_connection_frame(frame);
  }
  return false;
}

void Wire::take_connection_frame(const amqp_frame_t& frame) {
  if (frame.frame_type != AMQP_FRAME_METHOD) return;
  void* method = frame.payload.method.decoded;
  if (frame.payload.method.id == AMQP_CONNECTION_CLOSE_METHOD) {
    alive_ = false;
    connection_closed(*static_cast<amqp_connection_close_t*>(method));
  }
  if (frame.payload.method.id == AMQP_CONNECTION_BLOCKED_METHOD)
    blocked_ = view(static_cast<amqp_connection_blocked_t*>(method)->reason);
  if (frame.payload.method.id == AMQP_CONNECTION_UNBLOCKED_METHOD) blocked_.clear();
}

bool Wire::has_frames() const {
  return amqp_frames_enqueued(connection_.get()) || amqp_data_in_buffer(connection_.get());
}

void Wire::keep_alive() {
  if (heartbeat_.count() == 0 || has_unwritten()) return;
  const auto now = std::chrono::steady_clock::now();
  if (now - last_beat_ < heartbeat_ / 2) return;
  last_beat_ = now;
  amqp_frame_t beat{};
  beat.frame_type = AMQP_FRAME_HEARTBEAT;
  check(amqp_send_frame(connection_.get(), &beat), "the connection broke");
}

Wait Wire::wait() const {
  const short events = static_cast<short>(has_unwritten() ? POLLIN | POLLOUT : POLLIN);
  const bool ready = has_frames() && !has_unwritten();
  return {amqp_get_sockfd(connection_.get()), events, ready ? milliseconds(0) : milliseconds(1000)};
}

}  // namespace iso
