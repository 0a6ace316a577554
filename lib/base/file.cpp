#include "base/file.h"

#include <cerrno>
#include <chrono>
#include <climits>
#include <cstdlib>
#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/stop_signal.h"

namespace iso {
namespace {

constexpr std::chrono::seconds kStoppedReader{2};  // after a signal, without taking anything
constexpr int kLookForSignal = 200;                // ms

constexpr int kFifoTime = 10'000;  // ms

// poll(2) reports a pipe as ready when PIPE_BUF bytes fit; a longer write could block. A file never blocks.
std::size_t bytes_at_once(int fd) {
  struct stat status {};
  if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode)) return std::size_t{1} << 20;
  return PIPE_BUF;
}

Descriptor standard(int fd, int useless, std::string_view name) {
  const int flags = fcntl(fd, F_GETFL);
  if (flags < 0 || (flags & O_ACCMODE) == useless)
    throw Error(ErrorKind::io, fmt::format("{} is closed", name));
  return Descriptor::lend(fd);
}

Descriptor open_input(const std::string& path, int flags) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | flags);
  if (fd < 0)
    throw system_error("read", path,
                       errno == ENOENT || errno == ENOTDIR ? ErrorKind::missing : ErrorKind::io);
  return Descriptor::own(fd);
}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(owned_, other.owned_);
  return *this;
}

Descriptor::~Descriptor() {
  if (owned_ && fd_ >= 0) close(fd_);
}

void hold_standard_descriptors() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd)
    if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)  // the lowest free one is this one
      static_cast<void>(open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY));
}

Descriptor standard_input() {
  return standard(STDIN_FILENO, O_WRONLY, "standard input");
}

Descriptor standard_output() {
  return standard(STDOUT_FILENO, O_RDONLY, "standard output");
}

Descriptor open_to_read(const std::string& path) {
  return open_input(path, 0);
}

Descriptor open_to_poll(const std::string& path) {
  return open_input(path, O_NONBLOCK);
}

Descriptor open_to_write(const std::string& path) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) throw system_error("write", path);
  return Descriptor::own(fd);
}

Descriptor open_to_append(const std::string& path) {
  const int fd = open(path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) throw system_error("write", path);
  return Descriptor::own(fd);
}

Descriptor temporary_file(const std::string& folder) {
  int fd = open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)) {  // not on this file system
    std::string path = folder + "/iso-XXXXXX";
    fd = mkostemp(path.data(), O_CLOEXEC);
    if (fd >= 0) unlink(path.c_str());
  }
  if (fd < 0) throw system_error("make a temporary file in", folder);
  return Descriptor::own(fd);
}

std::string read_file(const std::string& path) {
  const Descriptor file = open_to_poll(path);
  std::string text;
  for (;;) {
    pollfd ready{file.get(), POLLIN, 0};
    const int count = poll(&ready, 1, kFifoTime);
    if (count < 0 && errno == EINTR) continue;
    if (count == 0) throw Error(ErrorKind::io, fmt::format("cannot read {}: nobody writes to it", path));
    char chunk[16384];
    const ssize_t got = read(file.get(), chunk, sizeof chunk);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got < 0) throw system_error("read", path);
    if (got == 0) return text;
    text.append(chunk, static_cast<std::size_t>(got));
  }
}

Output::Output(Descriptor to, std::string name)
    : to_(std::move(to)), name_(std::move(name)), most_(bytes_at_once(to_.get())) {}

bool Output::ready(int wait_ms) const {
  pollfd fd{to_.get(), POLLOUT, 0};
  return poll(&fd, 1, wait_ms) > 0;  // an error counts as ready: write says which
}

void Output::write_some(unsigned long long end) {
  while (!closed_ && pending() != 0 && written_ < end && ready(0)) {
    const std::size_t most = std::min(pending(), most_);
    const ssize_t wrote = write(to_.get(), buffer_.data() + begin_,
                                static_cast<std::size_t>(std::min<unsigned long long>(most, end - written_)));
    if (wrote >= 0) {
      begin_ += static_cast<std::size_t>(wrote);
      written_ += static_cast<unsigned long long>(wrote);
    } else if (errno == EPIPE) {
      closed_ = true;
    } else if (errno == EAGAIN) {
      break;
    } else if (errno != EINTR) {
      throw system_error("write", name_);
    }
  }
  forget_written();
}

// Who is asked to stop does not wait for ever for a reader that takes nothing.
void Output::write_all() {
  auto progress = std::chrono::steady_clock::now();
  for (std::size_t before = pending(); write_some(), !closed_ && pending() != 0; before = pending()) {
    const auto now = std::chrono::steady_clock::now();
    if (pending() != before) progress = now;
    if (stop_signal.load() == 0) {
      progress = now;
    } else if (now - progress >= kStoppedReader) {
      throw Error(ErrorKind::io,
                  "cannot write all to " + name_ + ": its reader takes nothing, and a signal asks to stop");
    }
    ready(kLookForSignal);
  }
}

void Output::forget_written() {
  constexpr std::size_t kKeep = std::size_t{1} << 20;  // more than this is given back
  if (pending() == 0) {
    buffer_.clear();
    if (buffer_.capacity() > kKeep) buffer_.shrink_to_fit();
    begin_ = 0;
  } else if (begin_ > buffer_.size() / 2) {
    buffer_.erase(0, begin_);
    begin_ = 0;
  }
}

}  // namespace iso
