// How a Connection moves bytes. What is written waits in a buffer, in whole frames, so that nothing blocks,
// heartbeats fall between frames, and many messages go in one system call.
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fmt/core.h>
#include <poll.h>
#include <sys/socket.h>

#include "amqp/connection.h"
#include "base/error.h"

namespace iso::amqp {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t kKeepBuffer = 1 << 20;
constexpr milliseconds kStuckAfter{1000};

}  // namespace

// ---- writing

bool Connection::is_ready(short events) const {
  pollfd socket{amqp_get_sockfd(connection_.get()), events, 0};
  return poll(&socket, 1, 0) > 0;
}

void Connection::write_some() {
  if (!fault_.empty()) begin_ = out_.size();
  while (has_unwritten()) {
    const std::size_t wrote = tls_ ? write_tls() : write_plain();
    if (wrote == 0) break;
    begin_ += wrote;
    last_write_ = steady_clock::now();
  }
  if (!has_unwritten()) {
    out_.clear();
    begin_ = 0;
    if (out_.capacity() > kKeepBuffer) out_.shrink_to_fit();
  } else if (begin_ > kKeepBuffer && begin_ > out_.size() / 2) {  // a broker that is always a little behind
    out_.erase(out_.begin(), out_.begin() + static_cast<std::ptrdiff_t>(begin_));
    begin_ = 0;
  }
}

// How many bytes went, of as many as there are.
std::size_t Connection::write_plain() {
  for (;;) {
    const ssize_t wrote = send(amqp_get_sockfd(connection_.get()), out_.data() + begin_, out_.size() - begin_,
                               MSG_NOSIGNAL | MSG_DONTWAIT);
    if (wrote > 0) return static_cast<std::size_t>(wrote);
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK)
      mark_broken(fmt::format("the connection broke: {}", std::strerror(errno)));
    return 0;
  }
}

// Writes one frame, if it goes without waiting (but for one with more than kTlsAtOnce of headers); gives its
// size.
std::size_t Connection::write_tls() {
  const std::string_view frame = first_frame();
  if (tls_room_ < frame.size()) {
    if (!is_ready(POLLOUT)) return 0;
    tls_room_ = kTlsAtOnce;
  }
  tls_room_ -= std::min(tls_room_, frame.size());
  const int status = send_by_library(frame);
  if (status == AMQP_STATUS_OK) return frame.size();
  mark_broken(fmt::format("the connection broke: {}", amqp_error_string2(status)));
  return 0;
}

// Also waits until there is room for what the library will write next.
void Connection::write_all(milliseconds limit) {
  const auto until = steady_clock::now() + limit;
  for (write_some();; write_some()) {
    throw_if_lost();
    if (!has_unwritten() && is_ready(POLLOUT)) return;
    if (steady_clock::now() > until) lost("writing", "the broker does not read");
    wait_for({amqp_get_sockfd(connection_.get()), POLLOUT}, milliseconds(200));
  }
}

bool Connection::is_stuck() const {
  return has_unwritten() && steady_clock::now() - last_write_ > kStuckAfter;
}

// ---- reading

bool Connection::next_frame(amqp_frame_t& frame) {
  while (readable_) {
    amqp_maybe_release_buffers(connection_.get());
    if (!has_frames() && !has_arrived()) break;
    timeval now{0, 0};
    errno = 0;
    const int status = amqp_simple_wait_frame_noblock(connection_.get(), &frame, &now);
    if (status == AMQP_STATUS_TIMEOUT) break;
    if (status != AMQP_STATUS_OK) {
      readable_ = false;
      const bool by_socket = status == AMQP_STATUS_SOCKET_ERROR && errno != 0;
      mark_broken(fmt::format("the connection broke: {}",
                              by_socket ? std::strerror(errno) : amqp_error_string2(status)));
      break;
    }
    if (frame.channel == kChannel) {
      // The library decodes a header by the class that it names, so another class is another struct.
      if (frame.frame_type == AMQP_FRAME_HEADER && frame.payload.properties.class_id != AMQP_BASIC_CLASS)
        break_protocol(fmt::format("a content header of class {}", frame.payload.properties.class_id));
      return true;
    }
    take_connection_frame(frame);
  }
  keep_alive();
  throw_if_lost();
  return false;
}

// Whether it is worth to ask the library for more. Asking the socket first saves a system call, and shows the
// heartbeats, which the library swallows.
bool Connection::has_arrived() {
  if (!is_ready(POLLIN)) return tls_;  // TLS may hold some
  last_read_ = steady_clock::now();
  return true;
}

void Connection::take_connection_frame(const amqp_frame_t& frame) {
  if (frame.frame_type != AMQP_FRAME_METHOD) return;
  void* method = frame.payload.method.decoded;
  switch (frame.payload.method.id) {
    case AMQP_CONNECTION_CLOSE_METHOD: {
      const amqp_connection_close_ok_t ok{};
      append_method(0, AMQP_CONNECTION_CLOSE_OK_METHOD, &ok);
      write_some();
      readable_ = false;
      fault_.clear();  // it knows better why
      close_code_ = static_cast<amqp_connection_close_t*>(method)->reply_code;
      mark_broken(fmt::format("the broker closed the connection: {}",
                              view(static_cast<amqp_connection_close_t*>(method)->reply_text)));
      break;
    }
    case AMQP_CONNECTION_BLOCKED_METHOD:
      blocked_ =
          fmt::format("the broker is {}", view(static_cast<amqp_connection_blocked_t*>(method)->reason));
      break;
    case AMQP_CONNECTION_UNBLOCKED_METHOD:
      blocked_.clear();
      break;
    default:
      break;
  }
}

bool Connection::has_frames() const {
  return amqp_frames_enqueued(connection_.get()) || amqp_data_in_buffer(connection_.get());
}

// ---- heartbeats

// The library's own are off: it writes them into the middle of our frames, and sees a dead peer only while it
// waits.
void Connection::keep_alive() {
  if (heartbeat_.count() == 0 || !fault_.empty()) return;
  const auto now = steady_clock::now();
  if (!has_unwritten() && now - last_write_ >= heartbeat_ / 2) {
    append_heartbeat();
    write_some();
  }
  if (now - last_read_ <= 2 * heartbeat_) return;
  if (is_ready(POLLIN)) {  // nobody read it yet
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
  return {amqp_get_sockfd(connection_.get()), events, limit};
}

}  // namespace iso::amqp
