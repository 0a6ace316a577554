#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>

namespace iso::http {

// Limits the exchanges that run with one origin, and decides which of them may open a new connection (RFC
// 9112 section 9.4, RFC 9113 section 9.1). Once exchanges share a connection, as in HTTP/2, no other one is
// opened: an exchange without a stream waits until another one ends.
class LineLimit {
 public:
  // The most exchanges that run at once with an origin that has one connection per exchange.
  static constexpr std::size_t kMost = 64;

  bool may_begin(const std::string& origin) const;
  void begin(const std::string& origin);
  // `line`: the local port of the exchange's connection.
  void connect(const std::string& origin, int line);
  bool may_open(const std::string& origin) const;
  // `line`: 0 if the exchange had no connection.
  void end(const std::string& origin, int line);

 private:
  struct Origin {
    std::size_t running = 0;
    std::unordered_map<int, std::size_t> lines;  // running exchanges per connection
    bool is_shared = false;                      // a connection had several at once
  };
  std::unordered_map<std::string, Origin> origins_;  // those with running exchanges
};

}  // namespace iso::http
