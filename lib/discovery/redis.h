#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct redisContext;

namespace iso::discovery {

// A connection to Redis. Its library is loaded with the first.
class Redis {
 public:
  // `url`: redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE]. Throws ErrorKind::usage, unavailable, refused.
  Redis(std::string_view url, std::chrono::milliseconds timeout);

  // What a command answers, as texts: one, or each member of a list. Throws as the constructor.
  std::vector<std::string> command(const std::vector<std::string>& words);

  // The server's clock, in seconds since the epoch: all that is written there goes by it.
  long long time();

 private:
  struct Close {
    void operator()(redisContext* context) const;
  };

  std::string name_;  // for people: without its password
  std::unique_ptr<redisContext, Close> context_;
};

}  // namespace iso::discovery
