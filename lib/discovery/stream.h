#pragma once

#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "base/file.h"

namespace iso::discovery {

using Deadline = std::chrono::steady_clock::time_point;

// Waits until `fd` is ready for `events` (POLLIN, POLLOUT). False: the deadline has passed.
bool ready_by(Deadline deadline, int fd, short events);

// A stream socket whose calls end by a deadline, however slow the peer is.
class Stream {
 public:
  explicit Stream(Descriptor socket);

  void until(Deadline deadline) { deadline_ = deadline; }
  // Sends all bytes. Throws ErrorKind::unavailable if the connection is lost or the deadline has passed.
  void send(std::string_view bytes);
  // Receives at least one byte and at most `most`. Throws like send(), and if the peer has closed the
  // connection.
  std::string receive(std::size_t most);

 private:
  void wait(short events);

  Descriptor socket_;
  Deadline deadline_{};
};

}  // namespace iso::discovery
