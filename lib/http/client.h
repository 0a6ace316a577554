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

// How to reach origins, as curl's options of these names do.
struct HttpSettings {
  std::string user_agent;
  std::string cacert, cert, key;
  bool insecure = false;
  std::string proxy;  // "": as the environment says (http_proxy, https_proxy, no_proxy), which libcurl reads
  bool is_proxied = false;  // by that, or by the environment: then only the proxy knows addresses
  std::string netrc;        // a file; "": none
  std::chrono::milliseconds connect_timeout{0};  // 0: the library's, 300 s
  std::uint64_t max_filesize = 0;                // 0: no limit
  std::function<void()> load = load_libcurl;     // called with the first request
};

class HandlePool;

// The transport over libcurl: HTTP/1.1, and HTTP/2 where an https server has it. Time limits are kept here,
// whatever the library does. A name that many exchanges need is looked up once: the others wait, and fail
// with the one that looks it up if it has no address. An origin has no more exchanges under way than
// LineLimit says: the others wait, and their time begins when they are let go.
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
  std::set<std::string> known_names_;                                 // have an address, as far as is known
  std::unordered_map<std::string, std::deque<std::uint64_t>> names_;  // first: who looks it up; who waits
  LineLimit limit_;
  std::unordered_map<std::string, std::deque<std::uint64_t>> held_back_;  // by origin
};

// One exchange, waited for: for registries. What the far side does is in the reply, nothing is thrown for it.
HttpReply http_call(HttpRequest request, const HttpSettings& settings = {});

}  // namespace iso::http
