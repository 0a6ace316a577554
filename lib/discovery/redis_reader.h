#pragma once

#include <string>
#include <vector>

#include "discovery/stream.h"

namespace iso::discovery {

// What a command was answered: one text, or each member of a list; or why it was refused.
struct RedisReply {
  bool is_error = false;
  std::vector<std::string> texts;
};

// Reads answers in the serialization protocol of Redis (RESP 2,
// https://redis.io/docs/reference/protocol-spec), as they are needed here: texts, numbers, and lists of them.
// `stream` must outlive this.
class RedisReader {
 public:
  explicit RedisReader(Stream& stream) : stream_(stream) {}

  // The next one, as long as it is no larger than kMostBytes. Throws ErrorKind::unavailable: it is, it is
  // none, or the stream does.
  RedisReply next();

  static constexpr std::size_t kMostBytes = std::size_t{1} << 20;

 private:
  std::string line();
  std::string bytes(std::size_t count);
  std::string text(const std::string& head);
  void read_some();

  Stream& stream_;
  std::string buffer_;
  std::size_t taken_ = 0;  // bytes of this answer
};

// As a command is sent.
std::string redis_command(const std::vector<std::string>& words);

}  // namespace iso::discovery
