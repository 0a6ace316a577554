#pragma once

#include <algorithm>
#include <fmt/core.h>
#include <optional>
#include <string>
#include <sys/socket.h>
#include <utility>

#include "http/address.h"
#include "http/client.h"
#include "http/handles.h"
#include "http/line_limit.h"
#include "http/response_reader.h"

namespace iso::http {

// One exchange in progress.
struct Http::Exchange {
  Exchange(std::uint64_t its_token, HttpRequest what, std::uint64_t most)
      : token(its_token), request(std::move(what)), reader(request, most) {}

  std::uint64_t token;
  HttpRequest request;
  std::string name;    // the host name that it waits for; "" once that is resolved
  std::string origin;  // which origin's limit it counts toward
  LineLimit* limit = nullptr;
  int line = 0;                // the local port of its connection, or 0
  bool is_proxied = false;     // it connects to the address of a proxy
  bool is_forbidden = false;   // the last address was not allowed
  bool found_no_line = false;  // it may not open a connection, and the open ones are in use
  EasyHandle easy;
  TextList header, connect_to, addresses;
  char error[CURL_ERROR_SIZE] = {};
  ResponseReader reader;
  bool is_begun = false;  // libcurl is running it
  bool is_held_back = false;
  bool has_address = false;  // set in a callback of libcurl
  Time started = std::chrono::steady_clock::now(), moved = started;
  curl_off_t moved_bytes = 0;

  // When it times out, if it has a limit.
  std::optional<Time> deadline() const {
    std::optional<Time> end;
    if (is_held_back) return end;
    if (request.timeout.count() != 0) end = started + request.timeout;
    if (request.stall.count() != 0 && is_begun)
      end = std::min(end.value_or(Time::max()), moved + request.stall);
    return end;
  }

  void look_for_movement(Time now) {
    curl_off_t sent = 0, got = 0;
    curl::curl_easy_getinfo(easy.get(), CURLINFO_SIZE_UPLOAD_T, &sent);
    curl::curl_easy_getinfo(easy.get(), CURLINFO_SIZE_DOWNLOAD_T, &got);
    const auto all = sent + got + static_cast<curl_off_t>(reader.bytes());
    if (std::exchange(moved_bytes, all) != all) moved = now;
  }

  // Callbacks of libcurl.
  curl_socket_t open_socket(const curl_sockaddr& address) {
    has_address = true;
    is_forbidden = request.public_only && !is_proxied && !is_public(address.addr);
    if (is_forbidden) return CURL_SOCKET_BAD;
    found_no_line = request.may_repeat && !limit->may_open(origin);
    if (found_no_line) return CURL_SOCKET_BAD;
    return socket(address.family, address.socktype | SOCK_CLOEXEC, address.protocol);
  }
  void connected(int local_port) {
    has_address = true;
    if (line == 0) limit->connect(origin, line = local_port);
  }

  std::string overdue_text(Time now) const {
    const auto seconds = [](std::chrono::milliseconds time) {
      return static_cast<double>(time.count()) / 1000;
    };
    if (request.timeout.count() == 0 || now < started + request.timeout)
      return fmt::format("nothing moved for {} s", seconds(request.stall));
    if (reader.has_header())
      return fmt::format("its body was not whole within {} s", seconds(request.timeout));
    return fmt::format("no answer within {} s", seconds(request.timeout));
  }
};

}  // namespace iso::http
