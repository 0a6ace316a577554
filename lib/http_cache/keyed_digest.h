#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "http/message.h"

namespace iso::http_cache {

// Digests that can be computed only with the key, so that nobody can find the input by guessing: SipHash-2-4
// with 128 bits (Aumasson, Bernstein).
class KeyedDigest {
 public:
  using Key = std::array<unsigned char, 16>;

  explicit KeyedDigest(const Key& key);

  // Returns 32 hex digits.
  std::string operator()(std::string_view text) const;

  // Returns the request with the values of all fields that the cache does not read replaced by digests, so
  // that the fields named by Vary can be compared and stored without their text.
  http::Request without_secrets(const http::Request& request) const;

 private:
  std::uint64_t key_[2];
};

// Reads the 16-byte key from the file. If the file is missing, creates it with a random key, readable by its
// owner only (0600). Throws ErrorKind::io.
KeyedDigest::Key read_or_make_key(const std::string& path);

}  // namespace iso::http_cache
