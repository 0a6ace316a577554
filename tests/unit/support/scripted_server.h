#pragma once

#include <arpa/inet.h>
#include <atomic>
#include <chrono>
#include <functional>
#include <netinet/in.h>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

namespace iso::test {

// Answers whatever comes with what `answer` makes of it, on a port of loopback: each datagram, or what one
// connection after the other sends, as it comes. `pause` passes between the bytes of an answer, "" closes.
class ScriptedServer {
 public:
  using Answer = std::function<std::string(const std::string& asked)>;

  ScriptedServer(int type, Answer answer, std::chrono::milliseconds pause = {}, int port = 0)
      : answer_(std::move(answer)), pause_(pause), socket_(socket(AF_INET, type, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    bind(socket_, reinterpret_cast<sockaddr*>(&address), length);
    if (type == SOCK_STREAM) listen(socket_, 16);
    getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &length);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this, type] { type == SOCK_DGRAM ? serve_datagrams() : serve_streams(); });
  }
  ~ScriptedServer() {
    ended_ = true;
    thread_.join();
    close(socket_);
  }
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  std::uint16_t port() const { return port_; }

 private:
  bool ready(int fd) const {
    while (!ended_) {
      pollfd ready{fd, POLLIN, 0};
      if (poll(&ready, 1, 10) > 0) return true;
    }
    return false;
  }

  void serve_datagrams() {
    while (ready(socket_)) {
      sockaddr_storage from{};
      socklen_t length = sizeof from;
      char bytes[4096];
      const ssize_t got =
          recvfrom(socket_, bytes, sizeof bytes, 0, reinterpret_cast<sockaddr*>(&from), &length);
      if (got < 0) continue;
      const std::string answer = answer_({bytes, static_cast<std::size_t>(got)});
      if (!answer.empty())
        sendto(socket_, answer.data(), answer.size(), 0, reinterpret_cast<sockaddr*>(&from), length);
    }
  }

  void serve_streams() {
    while (ready(socket_)) {
      const int line = accept(socket_, nullptr, nullptr);
      if (line >= 0) converse(line);
      close(line);
    }
  }

  void converse(int line) const {
    while (ready(line)) {
      char bytes[4096];
      const ssize_t got = recv(line, bytes, sizeof bytes, 0);
      if (got <= 0) return;
      const std::string answer = answer_({bytes, static_cast<std::size_t>(got)});
      if (answer.empty() || !say(line, answer)) return;
    }
  }

  bool say(int line, const std::string& answer) const {
    if (pause_.count() == 0)
      return send(line, answer.data(), answer.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(answer.size());
    for (const char byte : answer) {
      if (ended_ || send(line, &byte, 1, MSG_NOSIGNAL) != 1) return false;
      std::this_thread::sleep_for(pause_);
    }
    return true;
  }

  Answer answer_;
  std::chrono::milliseconds pause_;
  int socket_;
  std::uint16_t port_ = 0;
  std::atomic<bool> ended_ = false;
  std::thread thread_;
};

}  // namespace iso::test
