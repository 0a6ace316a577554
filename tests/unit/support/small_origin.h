#pragma once

#include <arpa/inet.h>
#include <fmt/core.h>
#include <mutex>
#include <netinet/in.h>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace iso::test {

// An origin that answers each connection with the next of some scripted replies, byte for byte, then closes
// it.
class SmallOrigin {
 public:
  explicit SmallOrigin(std::vector<std::string> replies) : replies_(std::move(replies)) {
    socket_ = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    bind(socket_, reinterpret_cast<sockaddr*>(&address), length);
    listen(socket_, 16);
    getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &length);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~SmallOrigin() {
    shutdown(socket_, SHUT_RDWR);
    thread_.join();
    close(socket_);
  }

  std::string url(std::string_view path) const { return fmt::format("http://127.0.0.1:{}{}", port_, path); }
  int port() const { return port_; }
  // The headers of the requests so far.
  std::vector<std::string> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  void serve() {
    for (const auto& reply : replies_) {
      const int line = accept(socket_, nullptr, nullptr);
      if (line < 0) return;
      std::string request;
      while (request.find("\r\n\r\n") == request.npos) {
        char bytes[4096];
        pollfd ready{line, POLLIN, 0};
        if (poll(&ready, 1, 5000) <= 0) break;
        const ssize_t got = recv(line, bytes, sizeof bytes, 0);
        if (got <= 0) break;
        request.append(bytes, static_cast<std::size_t>(got));
      }
      {
        const std::lock_guard lock(mutex_);
        requests_.push_back(request);
      }
      (void)!send(line, reply.data(), reply.size(), MSG_NOSIGNAL);
      close(line);
    }
  }

  std::vector<std::string> replies_, requests_;
  mutable std::mutex mutex_;
  int socket_ = -1, port_ = 0;
  std::thread thread_;
};

}  // namespace iso::test
