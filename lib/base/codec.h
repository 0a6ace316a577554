#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace iso {

// One way of compressing, undone step by step. What follows a whole stream is another one.
class Codec {
 public:
  virtual ~Codec() = default;

  // Takes bytes from the front of `in`, fills the front of `out`, and gives how much it filled. Nothing taken
  // and nothing filled: it needs more of `in`. Once it cannot go on it fills nothing and fault() says why.
  virtual std::size_t decode(std::string_view& in, std::span<char> out) = 0;

  // Whether the bytes so far were one stream or more, the last one whole.
  virtual bool whole() const = 0;

  const std::string& fault() const { return fault_; }

 protected:
  std::string fault_;
};

std::unique_ptr<Codec> make_gzip_codec();  // RFC 1952
std::unique_ptr<Codec> make_zstd_codec();  // RFC 8878

}  // namespace iso
