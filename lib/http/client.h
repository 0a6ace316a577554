#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "http/line_limit.h"
#include "http/transport.h"

namespace iso::http {

// Throws ErrorKind::unavailable.
void load_libcurl();

// How to reach origins. The options are those of curl with the same names.
struct HttpSettings {
  std::string user_agent;
  std::string cacert, cert, key;
  bool insecure = false;
  std::string proxy;  // "": from the environment (http_proxy, https_proxy, no_proxy), which libcurl reads
  bool is_proxied = false;  // by `proxy` or by the environment: then only the proxy resolves addresses
  std::string netrc;        // a file; "": none
  std::chrono::milliseconds connect_timeout{0};  // 0: libcurl's default, 300 s
  std::uint64_t max_filesize = 0;                // 0: no limit
  std::function<void()> load = load_libcurl;     // called before the first request
};

class HandlePool;

// The transport over libcurl: HTTP/1.1, and HTTP/2 if an https server offers it. Timeouts are enforced here,
// not by libcurl. A host name that several exchanges need is resolved once: the others wait, and fail too if
// it has no address. LineLimit bounds the running exchanges per origin: the others wait, and their timeouts
// start when they do.
class Http final : public Transport {
 public:
  explicit Http(HttpSettings settings);
  ~Http() override;

  void start(std::uint64_t token, HttpRequest request) override;
  void cancel(std::uint64_t token) override;
  std::vector<Done> move(const Wait& also, std::chrono::milliseconds limit) override;

 private:
  struct Exchange;
  using Exchanges = std::unordered_map<std::uint64_t, std::unique_ptr<Exchange>>;
  using Time = std::chrono::steady_clock::time_point;

  void prepare(Exchange& exchange);
  void begin(Exchange& exchange);
  void hold_back(Exchange& exchange);
  void wait_for_line(Exchange& exchange);
  void leave_line(Exchange& exchange);
  void perform(std::vector<Done>& done);
  void collect(std::vector<Done>& done);
  void end(Exchange& exchange, TransferError error, std::string why, std::vector<Done>& done);
  void end_overdue(std::vector<Done>& done);
  void end_all(const char* why, std::vector<Done>& done);
  void wait_for_any(const Wait& also, std::chrono::milliseconds limit, std::vector<Done>& done);
  void leave_name(Exchange& exchange, TransferError error, const std::string& why, std::vector<Done>& done);
  void begin_waiting(std::vector<Done>& done);
  std::unique_ptr<Exchange> detach(std::uint64_t token);

  HttpSettings settings_;
  std::unique_ptr<HandlePool> pool_;
  Exchanges exchanges_;
  std::set<std::string> known_names_;  // names that have been resolved
  std::unordered_map<std::string, std::deque<std::uint64_t>>
      names_;  // by name: the exchange that resolves it, then those that wait
  LineLimit limit_;
  std::unordered_map<std::string, std::deque<std::uint64_t>> held_back_;  // waiting exchanges by origin
};

// Runs one exchange and waits for it; for registries. Failures of the server are in the reply, not thrown.
HttpReply http_call(HttpRequest request, const HttpSettings& settings = {});

}  // namespace iso::http
