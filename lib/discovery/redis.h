#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "discovery/redis_reader.h"
#include "discovery/stream.h"

namespace iso::discovery {

// A connection to Redis. It is in use for `timeout` after it was made or renewed, whatever Redis does
// meanwhile; later all calls fail.
class Redis {
 public:
  // `url`: redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE]. Throws ErrorKind::usage, unavailable, refused.
  Redis(std::string_view url, std::chrono::milliseconds timeout);
  Redis(const Redis&) = delete;
  Redis& operator=(const Redis&) = delete;

  void renew();

  // What a command answers, as texts: one, or each member of a list. Throws as the constructor.
  std::vector<std::string> command(const std::vector<std::string>& words);

  // The server's clock, in seconds since the epoch: all that is written there goes by it.
  long long time();

 private:
  std::chrono::milliseconds timeout_;
  std::string name_;  // for people: without its password
  std::optional<Stream> stream_;
  std::optional<RedisReader> reader_;
};

}  // namespace iso::discovery
