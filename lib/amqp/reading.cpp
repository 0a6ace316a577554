// How a Connection reads.
#include <algorithm>
#include <cstring>
#include <fmt/core.h>

#include "amqp/connection.h"
#include "base/error.h"

namespace iso::amqp {
namespace {

constexpr std::size_t kBuffer = std::size_t{256} * 1024;
constexpr std::size_t kReadAtLeast = std::size_t{64} * 1024;

}  // namespace

// Gives readers at least kReadAtLeast. A frame that is not all here stays, and moves to the front.
void Connection::make_room() {
  if (in_size_ - in_end_ >= kReadAtLeast && in_begin_ != in_end_) return;
  const std::size_t left = in_end_ - in_begin_;
  if (in_size_ - left < kReadAtLeast) {
    const std::size_t size = std::max(kBuffer, 2 * in_size_);
    auto larger = std::make_unique_for_overwrite<char[]>(size);
    if (left != 0) std::memcpy(larger.get(), in_.get() + in_begin_, left);  // nothing was read yet: no buffer
    in_ = std::move(larger);
    in_size_ = size;
  } else {
    std::memmove(in_.get(), in_.get() + in_begin_, left);
  }
  in_begin_ = 0;
  in_end_ = left;
}

// False: nothing is here, or nothing will come any more.
bool Connection::fill() {
  make_room();
  try {
    const std::size_t got = transport_->read(in_.get() + in_end_, in_size_ - in_end_);
    in_end_ += got;
    if (got != 0) last_read_ = std::chrono::steady_clock::now();
    return got != 0;
  } catch (const Error& error) {
    readable_ = false;
    mark_broken(fmt::format("the connection broke: {}", error.what()));
    return false;
  }
}

// The next frame of either channel that is here.
bool Connection::read_frame_here(Frame& frame) {
  try {
    std::optional<RawFrame> raw;
    while (!(raw = read_frame(unread(), read_max_)))
      if (!fill()) return false;
    in_begin_ += raw->size();
    raw_ = *raw;
    frame = decode(raw_);
    if (raw_.channel == kChannel) order_.check(frame);
    return true;
  } catch (const Error& error) {
    break_protocol(error.what());
  }
}

bool Connection::read_channel_frame(Frame& frame) {
  for (int frames = 0; frames < kFramesATurn && readable_ && read_frame_here(frame); ++frames) {
    if (raw_.channel == kChannel) {
      check_consumer(frame);
      check_size(frame);
      return true;
    }
    take_connection_frame(frame);
  }
  return false;
}

bool Connection::next_frame(Frame& frame) {
  if (held_begin_ != held_.size()) {
    raw_ = *read_frame(std::string_view(held_).substr(held_begin_), SIZE_MAX);
    held_begin_ += raw_.size();
    frame = decode(raw_);
    return true;
  }
  if (read_channel_frame(frame)) {
    check_answer(frame);
    return true;
  }
  keep_alive();
  throw_if_lost();
  return false;
}

bool Connection::next_frame(Frame& frame, Turn& turn) {
  if (turn.frames == kFramesATurn || turn.bytes >= kBytesATurn || !next_frame(frame)) return false;
  ++turn.frames;
  turn.bytes += raw_.size();
  return true;
}

// What is an answer, and nothing was asked.
void Connection::check_answer(const Frame& frame) {
  if (is_answer(frame)) {
    break_protocol("an answer to nothing that was asked");
  } else if (std::holds_alternative<ChannelFlow>(frame)) {
    break_protocol("channel.flow, which RabbitMQ has not");
  }
}

// One that we ended gets no more after its end was said, and another begins only then.
void Connection::check_consumer(const Frame& frame) {
  const auto* deliver = std::get_if<BasicDeliver>(&frame);
  if (deliver && (consumer_tag_.empty() || deliver->consumer != consumer_tag_))
    break_protocol("a delivery that nobody asked for");
}

void Connection::check_size(const Frame& frame) {
  if (std::holds_alternative<BasicDeliver>(frame)) is_return_ = false;
  if (std::holds_alternative<BasicReturn>(frame)) is_return_ = true;
  const auto* header = std::get_if<ContentHeader>(&frame);
  if (!header) return;
  if (is_return_ && header->body_size > largest_sent_)
    break_protocol("a message came back that is larger than any that was sent");
  if (is_return_ || header->body_size <= max_message_) return;
  readable_ = false;
  mark_broken(
      fmt::format("a message of {} bytes came, and --max-message is {}", header->body_size, max_message_));
  throw Error(ErrorKind::data, fault_);
}

void Connection::take_connection_frame(const Frame& frame) {
  if (const auto* close = std::get_if<ConnectionClose>(&frame)) {
    append(Method::connection_close_ok, [](ByteWriter&) {});
    write_some();
    readable_ = false;
    fault_.clear();  // it knows better why
    close_code_ = close->code;
    mark_broken(fmt::format("the broker closed the connection: {}", close->text));
  } else if (const auto* blocked = std::get_if<ConnectionBlocked>(&frame)) {
    blocked_ = fmt::format("the broker is {}", blocked->reason);
  } else if (std::holds_alternative<ConnectionUnblocked>(frame)) {
    blocked_.clear();
  } else if (!std::holds_alternative<std::monostate>(frame)) {
    break_protocol("an answer to nothing that was asked");
  }
}

bool Connection::has_frames() const {
  return held_begin_ != held_.size() || has_more();
}

bool Connection::has_more() const {
  if (!readable_) return false;
  if (transport_->may_have_more()) return true;
  try {
    return read_frame(unread(), read_max_).has_value();
  } catch (const Error&) {  // which next_frame() says
    return true;
  }
}

}  // namespace iso::amqp
