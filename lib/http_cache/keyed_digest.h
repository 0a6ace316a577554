#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "http/message.h"

namespace iso::http_cache {

// Digests that only who has the key can make, so that nobody finds out by guessing what they are of:
// SipHash-2-4 of 128 bits (Aumasson, Bernstein).
class KeyedDigest {
 public:
  using Key = std::array<unsigned char, 16>;

  explicit KeyedDigest(const Key& key);

  // 32 hex digits.
  std::string operator()(std::string_view text) const;

  // The request with digests in the place of all field values that a cache does not read, so that what Vary
  // names can be compared and kept without its text.
  http::Request without_secrets(const http::Request& request) const;

 private:
  std::uint64_t key_[2];
};

// The key that is kept in this file, of 16 bytes; made with random ones, for its owner alone (0600), if it is
// missing. Throws ErrorKind::io.
KeyedDigest::Key read_or_make_key(const std::string& path);

}  // namespace iso::http_cache
