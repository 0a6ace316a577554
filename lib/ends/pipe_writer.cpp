#include "ends/pipe_writer.h"

#include <algorithm>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

namespace iso::ends {
namespace {

using std::chrono::milliseconds;

constexpr int kOnePage = 4096;  // the kernel rounds a smaller size up to a page
constexpr milliseconds kWithReader{10};
constexpr milliseconds kFirstLook{1}, kLastLook{50};

// Bytes in the pipe that were not read; works even after the reader has gone.
unsigned long long unread(int fd) {
  int bytes = 0;
  return ioctl(fd, FIONREAD, &bytes) == 0 && bytes > 0 ? static_cast<unsigned long long>(bytes) : 0;
}

// The events that occur within the limit; POLLERR, the reader has gone, is always among those watched.
short poll_once(int fd, short events, milliseconds limit) {
  pollfd one{fd, events, 0};
  poll(&one, 1, static_cast<int>(limit.count()));
  return one.revents;
}

}  // namespace

bool PipeWriter::is_pipe(int fd) {
  struct stat status {};
  return fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode);
}

PipeWriter::PipeWriter(Output& output)
    : output_(output), own_size_(fcntl(output.descriptor(), F_GETPIPE_SZ)) {
  shrink();
}

PipeWriter::~PipeWriter() {
  grow();
}

void PipeWriter::end_line() {
  if (is_slow()) ends_.push_back(output_.written() + output_.pending());
}

void PipeWriter::cut_out(unsigned long long from, unsigned long long to) {
  std::erase_if(ends_, [&](auto end) { return end > from && end <= to; });
  for (auto& end : ends_)
    if (end > to) end -= to - from;
}

void PipeWriter::write_some() {
  if (is_slow()) write_line_by_line();
  if (!is_slow()) output_.write_some();
  look();
}

void PipeWriter::write_line_by_line() {
  using Time = std::chrono::steady_clock;
  const auto until = Time::now() + kWithReader;
  while (!ends_.empty() && is_slow() && !closed_) {
    if (!becomes_empty(std::chrono::ceil<milliseconds>(std::max(until - Time::now(), Time::duration{0}))))
      return;
    if (!small_) shrink();  // at first the pipe was too full for that
    output_.write_some(ends_.front());
    if (output_.written() < ends_.front()) continue;
    ends_.pop_front();
    if (++lines_ == kSlowLines) {
      grow();
      ends_.clear();
    }
  }
}

// Whether the reader empties the pipe within the limit.
bool PipeWriter::becomes_empty(milliseconds limit) {
  const int fd = output_.descriptor();
  const bool waits = small_ && limit.count() != 0;
  const short now = poll_once(fd, POLLOUT, waits ? limit : milliseconds(0));
  if (now & POLLERR) closed_ = true;
  return !closed_ && (now & POLLOUT) && unread(fd) == 0;
}

// In this order: once the reader has gone, what it left in the pipe is final.
void PipeWriter::look() {
  const int fd = output_.descriptor();
  if (output_.closed() || (poll_once(fd, 0, milliseconds(0)) & POLLERR)) closed_ = true;
  const auto left = unread(fd);
  const auto now = output_.written() - std::min(output_.written(), left);
  next_look_ = now > taken_ ? kFirstLook : std::min(next_look_ * 2, kLastLook);
  taken_ = std::max(taken_, now);
}

Wait PipeWriter::wait() const {
  const int fd = output_.descriptor();
  const bool pending = output_.pending() != 0;
  if (small_) return {fd, POLLOUT};
  Wait wait(fd, pending && !is_slow() ? POLLOUT : short{0});
  if (taken_ != output_.written() || pending) wait.no_longer_than(next_look_);
  return wait;
}

void PipeWriter::shrink() {
  small_ = fcntl(output_.descriptor(), F_SETPIPE_SZ, kOnePage) > 0;
}

void PipeWriter::grow() {
  if (!small_) return;
  small_ = false;
  // The kernel may refuse if the pipes of this user already have many pages.
  for (int size = own_size_; size > kOnePage; size /= 2)
    if (fcntl(output_.descriptor(), F_SETPIPE_SZ, size) > 0) return;
}

}  // namespace iso::ends
