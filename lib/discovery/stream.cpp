#include "discovery/stream.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/error.h"

namespace iso::discovery {
namespace {

bool may_go_on() {
  return errno == EINTR || errno == EAGAIN;
}

}  // namespace

bool ready_by(Deadline deadline, int fd, short events) {
  using std::chrono::milliseconds;
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    pollfd ready{fd, events, 0};
    const int count = poll(&ready, 1, static_cast<int>(std::min<milliseconds::rep>(left.count(), 60'000)));
    if (count > 0 || (count < 0 && errno != EINTR)) return true;  // the next call reports an error
  }
}

Stream::Stream(Descriptor socket) : socket_(std::move(socket)) {
  fcntl(socket_.get(), F_SETFL, fcntl(socket_.get(), F_GETFL) | O_NONBLOCK);
}

void Stream::wait(short events) {
  if (!ready_by(deadline_, socket_.get(), events)) throw Error(ErrorKind::unavailable, "no answer in time");
}

void Stream::send(std::string_view bytes) {
  while (!bytes.empty()) {
    wait(POLLOUT);
    const ssize_t sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && !may_go_on()) throw system_error("send", {}, ErrorKind::unavailable);
    bytes.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(sent, 0)));
  }
}

std::string Stream::receive(std::size_t most) {
  std::string bytes(most, '\0');
  for (;;) {
    wait(POLLIN);
    const ssize_t got = recv(socket_.get(), bytes.data(), bytes.size(), 0);
    if (got < 0 && may_go_on()) continue;
    if (got < 0) throw system_error("receive", {}, ErrorKind::unavailable);
    if (got == 0) throw Error(ErrorKind::unavailable, "the connection was closed");
    bytes.resize(static_cast<std::size_t>(got));
    return bytes;
  }
}

}  // namespace iso::discovery
