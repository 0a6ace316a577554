#include "reconcile/sides/file_text.h"

#include <algorithm>
#include <cerrno>
#include <fmt/core.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "base/compressed.h"
#include "base/error.h"

namespace iso::reconcile {
namespace {

constexpr std::size_t kAtOnce = std::size_t{256} * 1024;
constexpr std::string_view kGzip = "\x1F\x8B", kZstd = "\x28\xB5\x2F\xFD";

}  // namespace

bool begins_compressed(std::string_view start) {
  return start.starts_with(kGzip) || start.starts_with(kZstd);
}

FileText::FileText(std::shared_ptr<Descriptor> from, std::string path, std::uint64_t at)
    : from_(std::move(from)), path_(std::move(path)), at_(at), is_looked_at_(at != 0) {}

std::string FileText::name() const {
  return path_ == "-" ? "standard input" : path_;
}

std::uint64_t FileText::file_size() const {
  struct stat status {};
  const bool is_file = fstat(from_->get(), &status) == 0 && S_ISREG(status.st_mode);
  return is_file ? static_cast<std::uint64_t>(status.st_size) : 0;
}

std::optional<std::size_t> FileText::append_some(std::string& out) {
  if (!is_looked_at_) {
    while (unread_.size() < kZstd.size()) {
      const auto got = read_some(unread_);
      if (!got) break;
      if (*got == 0) return 0;
    }
    look_how(unread_);
    if (!codec_ && !unread_.empty()) {
      out += unread_;
      return std::exchange(unread_, {}).size();
    }
  }
  return codec_ ? decode_some(out) : read_some(out);
}

// One whose name says that it is compressed, and is not, is damaged.
void FileText::look_how(std::string_view start) {
  is_looked_at_ = true;
  const Compression named = compression_of(path_);
  if (start.starts_with(kGzip) || (named == Compression::gzip && !start.starts_with(kZstd)))
    codec_ = make_gzip_codec();
  else if (start.starts_with(kZstd) || named == Compression::zstd)
    codec_ = make_zstd_codec();
}

std::optional<std::size_t> FileText::decode_some(std::string& out) {
  const std::size_t before = out.size();
  for (;;) {
    out.resize(before + kAtOnce);
    std::string_view rest = std::string_view(unread_).substr(taken_);
    const std::size_t filled = codec_->decode(rest, {out.data() + before, kAtOnce});
    out.resize(before + filled);
    const bool took = unread_.size() - taken_ != rest.size();
    taken_ = unread_.size() - rest.size();
    if (filled != 0) return filled;
    if (!codec_->fault().empty())
      throw Error(ErrorKind::io, fmt::format("cannot read {}: {}", name(), codec_->fault()));
    if (took) continue;
    unread_.erase(0, std::exchange(taken_, 0));
    const auto got = read_some(unread_);
    if (!got && !codec_->whole())
      throw Error(ErrorKind::io, fmt::format("cannot read {}: its compressed data is cut off", name()));
    if (!got) return std::nullopt;
    if (*got == 0) return 0;
  }
}

std::optional<std::size_t> FileText::read_some(std::string& to) {
  const std::size_t before = to.size();
  to.resize(before + kAtOnce);
  const ssize_t got = ::read(from_->get(), to.data() + before, kAtOnce);
  const int why = errno;
  to.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  if (got == 0) return std::nullopt;
  if (got < 0 && why == EAGAIN) {
    pollfd ready{from_->get(), POLLIN, 0};
    poll(&ready, 1, 1000);
    return 0;
  }
  errno = why;
  if (got < 0 && why != EINTR) throw system_error("read", name());
  at_ += to.size() - before;
  return to.size() - before;
}

}  // namespace iso::reconcile
