#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "discovery/redis_reader.h"
#include "discovery/stream.h"

namespace iso::discovery {

// A connection to Redis. It is usable for `timeout` after construction or renew(); after that all calls fail.
class Redis {
 public:
  // `url`: redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE]. Throws ErrorKind::usage, unavailable, refused.
  Redis(std::string_view url, std::chrono::milliseconds timeout);
  Redis(const Redis&) = delete;
  Redis& operator=(const Redis&) = delete;

  void renew();

  // Runs a command and returns its reply as strings: one, or the elements of an array. Throws like the
  // constructor.
  std::vector<std::string> command(const std::vector<std::string>& words);

  // The server's clock, in seconds since the epoch; all expiry times refer to it.
  long long time();

 private:
  std::chrono::milliseconds timeout_;
  std::string name_;  // for people: the URL without credentials
  std::optional<Stream> stream_;
  std::optional<RedisReader> reader_;
};

}  // namespace iso::discovery
