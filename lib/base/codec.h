#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace iso {

// One compression format, decoded step by step. Bytes after a whole stream begin another stream.
class Codec {
 public:
  virtual ~Codec() = default;

  // Takes bytes from the front of `in`, fills the front of `out` and returns how many bytes it filled. If it
  // takes nothing and fills nothing, it needs more input. After a fault it fills nothing and fault() says
  // why.
  virtual std::size_t decode(std::string_view& in, std::span<char> out) = 0;

  // Whether the input so far is one or more streams, the last of them complete.
  virtual bool whole() const = 0;

  const std::string& fault() const { return fault_; }

 protected:
  std::string fault_;
};

std::unique_ptr<Codec> make_gzip_codec();  // RFC 1952
std::unique_ptr<Codec> make_zstd_codec();  // RFC 8878

}  // namespace iso
