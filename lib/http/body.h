#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/file.h"

namespace iso::http {

// The bytes of one body as they arrive: in memory up to kInMemory, then in an unnamed file, so that a body of
// any size needs little memory and leaves nothing behind; in memory again if the disk is full.
class Body {
 public:
  static constexpr std::size_t kInMemory = 1 << 20;

  Body() = default;
  Body(std::string bytes) : memory_(std::move(bytes)), size_(memory_.size()) {}  // NOLINT: a string is a body
  // The whole content of an open file.
  explicit Body(Descriptor file);
  Body(Body&& other) noexcept;
  Body& operator=(Body&& other) noexcept;
  ~Body();

  // Sets the folder for bodies larger than kInMemory; "": they stay in memory (RFC 9111 section 5.2.2.5:
  // no-store).
  void spool_to(const std::string& folder) { folder_ = folder; }
  // Throws ErrorKind::io.
  void append(std::string_view bytes);

  // Valid until the body is changed, moved or destroyed. Throws ErrorKind::io.
  std::string_view bytes() const;
  std::size_t size() const { return size_; }
  // Gives the file a name. `path` must not exist and must be on the file system of the folder. False: the
  // body is in memory, or the file cannot be named.
  bool link_to(const std::string& path) const;

 private:
  void move_to_file();
  void write(std::string_view bytes);
  void unmap() const;

  std::string memory_, folder_;
  Descriptor file_;
  bool in_file_ = false;
  std::size_t size_ = 0;
  mutable const char* mapped_ = nullptr;
  mutable std::size_t mapped_size_ = 0;
};

}  // namespace iso::http
