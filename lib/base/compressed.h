#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/codec.h"
#include "base/file.h"

namespace iso {

// By the end of a path: .gz (RFC 1952) and .zst (RFC 8878).
enum class Compression { none, gzip, zstd };
Compression compression_of(std::string_view path);

// Decompresses a file of any size in constant memory: that of the window it was written with, at most
// 128 MiB. Concatenated streams are read as one, as gzip(1) and zstd(1) do.
class Decompressor {
 public:
  // `how` is not none; `name` is for messages.
  Decompressor(Compression how, Descriptor from, std::string name);

  // Fills the front of `space` and returns how many bytes; 0 means "call again", nothing means the end. Reads
  // from the descriptor at most once. Throws ErrorKind::io with the file's name if it cannot be read, is
  // damaged or is cut off, after all that came before was returned.
  std::optional<std::size_t> read(std::span<char> space);

  // Whether read() may have bytes without reading from the descriptor.
  bool holds_bytes() const { return filled_all_ || !unread_.empty(); }

 private:
  void read_some();

  Descriptor from_;
  std::string name_;
  std::unique_ptr<Codec> codec_;
  std::unique_ptr<char[]> buffer_;
  std::string_view unread_;
  bool filled_all_ = false, ended_ = false;
};

}  // namespace iso
