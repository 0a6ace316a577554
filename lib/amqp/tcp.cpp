#include "amqp/tcp.h"

#include <cerrno>
#include <fmt/core.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include "amqp/addresses.h"
#include "amqp/errno_words.h"
#include "base/error.h"

namespace iso::amqp {
namespace {

void set_options(int fd) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
}

// Gives why it failed, or 0; ETIMEDOUT when the time was up.
int connect_to(int fd, const addrinfo& address, Deadline& deadline) {
  if (connect(fd, address.ai_addr, address.ai_addrlen) == 0) return 0;
  if (errno != EINPROGRESS && errno != EINTR) return errno;
  for (;;) {
    pollfd ready{fd, POLLOUT, 0};
    if (poll(&ready, 1, 0) > 0) break;
    if (deadline.passed()) return ETIMEDOUT;
    deadline.wait(fd, POLLOUT);
  }
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
  return error;
}

}  // namespace

Descriptor connect_tcp(const std::string& host, std::uint16_t port, Deadline& deadline) {
  const Addresses addresses = look_up(host, port, deadline);
  int untried = 0, error = 0;
  for (const addrinfo* address = addresses.get(); address; address = address->ai_next) ++untried;
  for (const addrinfo* address = addresses.get(); address; address = address->ai_next) {
    Descriptor fd =
        Descriptor::own(socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    Deadline share = deadline.share(untried--);
    error = fd.get() < 0 ? errno : connect_to(fd.get(), *address, share);
    if (error == 0) {
      set_options(fd.get());
      return fd;
    }
  }
  deadline.left();  // hears the signal that ended a share
  throw Error(ErrorKind::unavailable, error == ETIMEDOUT ? deadline.reason() : words_of(error));
}

}  // namespace iso::amqp
