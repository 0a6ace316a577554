#include "base/compressed.h"

#include <cerrno>
#include <fmt/core.h>
#include <unistd.h>
#include <utility>

#include "base/error.h"

namespace iso {
namespace {

constexpr std::size_t kBuffer = std::size_t{64} * 1024;

}  // namespace

Compression compression_of(std::string_view path) {
  if (path.ends_with(".gz")) return Compression::gzip;
  return path.ends_with(".zst") ? Compression::zstd : Compression::none;
}

Decompressor::Decompressor(Compression how, Descriptor from, std::string name)
    : from_(std::move(from)),
      name_(std::move(name)),
      codec_(how == Compression::gzip ? make_gzip_codec() : make_zstd_codec()),
      buffer_(new char[kBuffer]) {}

std::optional<std::size_t> Decompressor::read(std::span<char> space) {
  for (bool asked = false;; asked = true) {
    std::size_t before = 0, filled = 0;
    do {
      before = unread_.size();
      filled = codec_->decode(unread_, space);
    } while (filled == 0 && unread_.size() != before);
    filled_all_ = filled == space.size();
    if (filled != 0) return filled;
    if (!codec_->fault().empty())
      throw Error(ErrorKind::io, fmt::format("cannot read {}: {}", name_, codec_->fault()));
    if (ended_ && codec_->whole()) return std::nullopt;
    if (ended_)
      throw Error(ErrorKind::io, fmt::format("cannot read {}: its compressed data is cut off", name_));
    if (asked) return 0;
    read_some();
  }
}

void Decompressor::read_some() {
  const ssize_t got = ::read(from_.get(), buffer_.get(), kBuffer);
  if (got >= 0) {
    unread_ = {buffer_.get(), static_cast<std::size_t>(got)};
    ended_ = got == 0;
  } else if (errno != EINTR && errno != EAGAIN) {
    throw system_error("read", name_);
  }
}

}  // namespace iso
