#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/codec.h"
#include "base/file.h"

namespace iso::reconcile {

// The bytes of a file, a pipe or standard input ("-"), what is compressed by gzip or zstd told by how it
// begins, whatever its name, and undone with flat memory.
class FileText {
 public:
  // Reads on from byte `at`, where the descriptor is.
  FileText(std::shared_ptr<Descriptor> from, std::string path, std::uint64_t at);

  // Appends some more. Nothing: the end. 0: a signal came, or nothing did. Throws ErrorKind::io: it cannot be
  // read, or what is compressed is damaged or ends too early.
  std::optional<std::size_t> append_some(std::string& out);

  std::string name() const;                 // for people
  std::uint64_t file_size() const;          // 0 if it is no file
  std::uint64_t at() const { return at_; }  // bytes read of it
  bool is_compressed() const { return codec_ != nullptr; }
  const std::shared_ptr<Descriptor>& descriptor() const { return from_; }
  const std::string& path() const { return path_; }

 private:
  std::optional<std::size_t> read_some(std::string& to);
  std::optional<std::size_t> decode_some(std::string& out);
  void look_how(std::string_view start);

  std::shared_ptr<Descriptor> from_;
  std::string path_;
  std::uint64_t at_;
  bool is_looked_at_ = false;
  std::unique_ptr<Codec> codec_;
  std::string unread_;     // of what is compressed
  std::size_t taken_ = 0;  // of that
};

// What a file's bytes are, by how they begin: lines that can be read where they are, or not.
bool begins_compressed(std::string_view start);

}  // namespace iso::reconcile
