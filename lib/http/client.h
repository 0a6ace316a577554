#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "http/transport.h"

namespace iso::http {

// Throws ErrorKind::unavailable.
void load_libcurl();

// How to reach origins, as curl's options of these names do.
struct HttpSettings {
  std::string user_agent;
  std::string cacert, cert, key;
  bool insecure = false;
  std::string proxy;  // "": as the environment says (http_proxy, https_proxy, no_proxy), which libcurl reads
  std::string netrc;  // a file; "": none
  std::chrono::milliseconds connect_timeout{0};  // 0: the library's, 300 s
  std::uint64_t max_filesize = 0;                // 0: no limit
  std::function<void()> load = load_libcurl;     // called with the first request
};

// The transport over libcurl: HTTP/1.1, and HTTP/2 where an https server has it.
class Http final : public Transport {
 public:
  explicit Http(HttpSettings settings);
  ~Http() override;

  void start(std::uint64_t token, HttpRequest request) override;
  void cancel(std::uint64_t token) override;
  std::vector<Done> move(const Wait& also, std::chrono::milliseconds limit) override;

 private:
  class HandlePool;
  struct Exchange;

  HttpSettings settings_;
  std::unique_ptr<HandlePool> pool_;
  std::unordered_map<std::uint64_t, std::unique_ptr<Exchange>> exchanges_;
};

// One exchange, waited for: for registries. What the far side does is in the reply, nothing is thrown for it.
HttpReply http_call(HttpRequest request, const HttpSettings& settings = {});

}  // namespace iso::http
