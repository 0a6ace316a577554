#pragma once

#include <string>
#include <vector>

#include "discovery/stream.h"

namespace iso::discovery {

// The reply to a command: one string, or the elements of an array; or an error message.
struct RedisReply {
  bool is_error = false;
  std::vector<std::string> texts;
};

// Reads replies in the Redis serialization protocol (RESP 2, https://redis.io/docs/reference/protocol-spec),
// as far as iso needs it: strings, numbers, and arrays of them. `stream` must outlive this object.
class RedisReader {
 public:
  explicit RedisReader(Stream& stream) : stream_(stream) {}

  // Reads the next reply. Throws ErrorKind::unavailable if it is larger than kMostBytes or invalid, or if the
  // stream fails.
  RedisReply next();

  static constexpr std::size_t kMostBytes = std::size_t{1} << 20;

 private:
  std::string line();
  std::string bytes(std::size_t count);
  std::string text(const std::string& head);
  void read_some();

  Stream& stream_;
  std::string buffer_;
  std::size_t taken_ = 0;  // bytes of this reply so far
};

// A command in RESP.
std::string redis_command(const std::vector<std::string>& words);

}  // namespace iso::discovery
