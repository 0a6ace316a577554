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

// The bytes that a compressed file stands for, of any number, with flat memory: a file written with a large
// window needs that, at most 128 MiB. Streams that follow each other are one, as the tools have it.
class Decompressor {
 public:
  // `how` is not none; `name` is for messages.
  Decompressor(Compression how, Descriptor from, std::string name);

  // Fills the front of `space`, and gives how much. 0: nothing was whole yet, ask again. Nothing: the end.
  // Reads at most once from the descriptor. Throws ErrorKind::io, which names the file, for what cannot be
  // read, is damaged or ends too early, after all that came before it was given.
  std::optional<std::size_t> read(std::span<char> space);

  // Whether there may be something to give without a look at the descriptor.
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
