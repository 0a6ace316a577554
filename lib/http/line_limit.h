#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>

namespace iso::http {

// How many exchanges may be under way with one origin, and which of them may open a connection of their own
// (RFC 9112 section 9.4, RFC 9113 section 9.1). Where several share a connection, as in HTTP/2, no further
// one is opened: an exchange without a stream waits until another has ended.
class LineLimit {
 public:
  // Most exchanges under way with an origin that has a connection for each.
  static constexpr std::size_t kMost = 64;

  bool may_begin(const std::string& origin) const;
  void begin(const std::string& origin);
  // `line`: the local port of the connection that it has got.
  void connect(const std::string& origin, int line);
  bool may_open(const std::string& origin) const;
  // `line`: 0 if it got none.
  void end(const std::string& origin, int line);

 private:
  struct Origin {
    std::size_t running = 0;
    std::unordered_map<int, std::size_t> lines;  // exchanges under way on each
    bool is_shared = false;                      // one had several at once
  };
  std::unordered_map<std::string, Origin> origins_;  // with exchanges under way
};

}  // namespace iso::http
