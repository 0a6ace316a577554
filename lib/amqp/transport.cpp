#include "amqp/transport.h"

#include <cerrno>
#include <fmt/core.h>
#include <poll.h>
#include <sys/socket.h>
#include <utility>

#include "amqp/errno_words.h"
#include "base/error.h"

namespace iso::amqp {
namespace {

constexpr std::size_t kEncryptedAtOnce = std::size_t{64} * 1024;

[[noreturn]] void fail(const std::string& why) {
  throw Error(ErrorKind::unavailable, why);
}

}  // namespace

Transport::Transport(Descriptor socket, std::unique_ptr<Tls> tls, Deadline& deadline)
    : socket_(std::move(socket)), tls_(std::move(tls)) {
  if (tls_) shake_hands(deadline);
}

Transport::~Transport() {
  if (!tls_) return;
  tls_->close();
  try {
    flush();
  } catch (const Error&) {  // it is gone already
  }
}

void Transport::shake_hands(Deadline& deadline) {
  encrypted_.resize(kEncryptedAtOnce);
  for (bool first = true;;) {
    const bool done = tls_->handshake();
    flush();
    if (done) return;
    const std::size_t got = receive(encrypted_.data(), encrypted_.size());
    if (got != 0) {
      if (std::exchange(first, false)) see_whether_tls({encrypted_.data(), got});
      tls_->receive({encrypted_.data(), got});
      continue;
    }
    if (deadline.passed()) fail(fmt::format("beginning TLS: {}", deadline.reason()));
    deadline.wait(fd(), has_unsent() ? POLLIN | POLLOUT : POLLIN);
  }
}

// A record of TLS begins with its type: a handshake, or an alert (RFC 8446 section 5.1).
void Transport::see_whether_tls(std::string_view answer) {
  if (answer.front() != '\x16' && answer.front() != '\x15') fail("it does not speak TLS: try amqp://");
}

bool Transport::is_ready(short events) const {
  pollfd ready{fd(), events, 0};
  return poll(&ready, 1, 0) > 0;
}

std::size_t Transport::receive(char* at, std::size_t most) {
  for (;;) {
    const ssize_t got = recv(fd(), at, most, MSG_DONTWAIT);
    if (got > 0) return static_cast<std::size_t>(got);
    if (got == 0) fail("the broker closed the connection");
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return 0;
    fail(words_of(errno));
  }
}

std::size_t Transport::read(char* at, std::size_t most) {
  if (!tls_) return receive(at, most);
  constexpr int kReadsAtOnce = 16;  // records may be empty
  for (int reads = 0; reads < kReadsAtOnce; ++reads) {
    const std::size_t got = tls_->read(at, most);
    may_have_more_ = got != 0;
    if (got != 0) return got;
    const std::size_t more = receive(encrypted_.data(), encrypted_.size());
    if (more == 0) return 0;
    tls_->receive({encrypted_.data(), more});
  }
  may_have_more_ = true;
  return 0;
}

std::size_t Transport::send(std::string_view bytes) {
  for (;;) {
    const ssize_t wrote = ::send(fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (wrote >= 0) {
      sent_ += static_cast<std::size_t>(wrote);
      return static_cast<std::size_t>(wrote);
    }
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return 0;
    fail(words_of(errno));
  }
}

void Transport::flush() {
  while (has_unsent()) {
    const std::size_t wrote = send(tls_->to_send());
    if (wrote == 0) return;
    tls_->was_sent(wrote);
  }
}

std::size_t Transport::write(std::string_view bytes) {
  if (!tls_) return bytes.empty() ? 0 : send(bytes);
  flush();
  if (has_unsent() || bytes.empty()) return 0;
  const std::size_t taken = tls_->write(bytes.substr(0, kEncryptedAtOnce));
  flush();
  return taken;
}

}  // namespace iso::amqp
