// How a Connection writes, and keeps alive.
#include <algorithm>
#include <fmt/core.h>
#include <poll.h>

#include "amqp/connection.h"
#include "amqp/properties.h"
#include "base/error.h"

namespace iso::amqp {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t kKeepBuffer = 1 << 20;
constexpr milliseconds kStuckAfter{1000};
constexpr std::uint16_t kBasicClass = 60;

}  // namespace

// ---- what is to be written

bool Connection::publish(std::string_view exchange, std::string_view routing_key, bool mandatory,
                         const Record& record) {
  const std::size_t before = out_.size();
  std::string_view body = record.body;
  const auto method = [&](ByteWriter& out) {
    out.integer(std::uint16_t{0});
    out.short_string(exchange);
    out.short_string(routing_key);
    out.bits({mandatory, false});
  };
  if (!append_method(out_, Method::basic_publish, write_max_, method)) return false;
  FrameWriter header(out_, FrameType::header, kChannel);
  header.out().integer(kBasicClass);
  header.out().integer(std::uint16_t{0});  // weight
  header.out().integer(std::uint64_t{body.size()});
  write_properties(header.out(), record);
  if (!header.finish(write_max_)) {
    out_.resize(before);
    return false;
  }
  largest_sent_ = std::max<std::uint64_t>(largest_sent_, body.size());
  const std::size_t part_max = write_max_ - kFrameOverhead;
  for (; !body.empty(); body.remove_prefix(std::min(body.size(), part_max))) {
    FrameWriter part(out_, FrameType::body, kChannel);
    part.out().raw(body.substr(0, part_max));
    (void)part.finish(write_max_);
  }
  return true;
}

void Connection::settle(std::uint64_t tag, Disposition how, bool multiple) {
  const bool ack = how == Disposition::ack;
  append(ack ? Method::basic_ack : Method::basic_nack, [&](ByteWriter& out) {
    out.integer(tag);
    if (ack) {
      out.bits({multiple});
    } else {
      out.bits({multiple, how != Disposition::dead_letter});
    }
  });
}

void Connection::append_heartbeat() {
  (void)FrameWriter(out_, FrameType::heartbeat, 0).finish(write_max_);
}

// ---- writing

void Connection::write_some() {
  while (has_unwritten() && write_once()) continue;
  if (begin_ == out_.size()) {
    out_.clear();
    begin_ = 0;
    if (out_.capacity() > kKeepBuffer) out_.shrink_to_fit();
  } else if (begin_ > kKeepBuffer && begin_ > out_.size() / 2) {  // a broker that is always a little behind
    out_.erase(0, begin_);
    begin_ = 0;
  }
}

// False: no more goes now.
bool Connection::write_once() {
  const std::uint64_t before = transport_->sent();
  std::size_t taken = 0;
  try {
    taken = transport_->write(std::string_view(out_).substr(begin_));
  } catch (const Error& error) {
    mark_broken(fmt::format("the connection broke: {}", error.what()));
    return false;
  }
  begin_ += taken;
  const bool moved = transport_->sent() != before;
  if (moved) last_write_ = steady_clock::now();
  return moved || taken != 0;
}

bool Connection::is_stuck() const {
  return has_unwritten() && steady_clock::now() - last_write_ > kStuckAfter;
}

// ---- heartbeats

void Connection::keep_alive() {
  if (heartbeat_.count() == 0 || !fault_.empty()) return;
  const auto now = steady_clock::now();
  if (!has_unwritten() && now - last_write_ >= heartbeat_ / 2) {
    append_heartbeat();
    write_some();
  }
  if (now - last_read_ <= 2 * heartbeat_) return;
  if (transport_->is_ready(POLLIN)) {  // nobody read it yet
    last_read_ = now;
  } else {
    mark_broken(fmt::format("the broker sent nothing for {} s",
                            std::chrono::duration_cast<std::chrono::seconds>(now - last_read_).count()));
  }
}

Wait Connection::wait() const {
  const auto events = static_cast<short>(has_unwritten() ? POLLIN | POLLOUT : POLLIN);
  auto limit = milliseconds(1000);
  if (has_frames() || !fault_.empty()) {
    limit = milliseconds(0);
  } else if (heartbeat_.count() != 0) {
    Time due = last_read_ + 2 * heartbeat_;
    if (!has_unwritten()) due = std::min(due, last_write_ + heartbeat_ / 2);
    limit = std::clamp(std::chrono::ceil<milliseconds>(due - steady_clock::now()), milliseconds(1), limit);
  }
  return {transport_->fd(), events, limit};
}

}  // namespace iso::amqp
