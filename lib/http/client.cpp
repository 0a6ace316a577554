#include "http/client.h"

#include <algorithm>
#include <charconv>
#include <exception>
#include <fmt/core.h>

#include "base/error.h"
#include "http/functions.h"

namespace iso::http {
namespace {

using std::chrono::milliseconds;

TransferError error_of(CURLcode code) {
  switch (code) {
    case CURLE_OK:
      return TransferError::none;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
      return TransferError::resolve;
    case CURLE_COULDNT_CONNECT:
    case CURLE_INTERFACE_FAILED:
      return TransferError::connect;
    case CURLE_OPERATION_TIMEDOUT:
      return TransferError::timeout;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_USE_SSL_FAILED:
      return TransferError::tls;
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
      return TransferError::cut;
    case CURLE_URL_MALFORMAT:
      return TransferError::refused;
    case CURLE_OUT_OF_MEMORY:
    case CURLE_FAILED_INIT:
      return TransferError::local;
    default:
      return TransferError::protocol;
  }
}

struct CleanEasy {
  void operator()(CURL* easy) const noexcept { curl::curl_easy_cleanup(easy); }
};
using Easy = std::unique_ptr<CURL, CleanEasy>;

struct FreeList {
  void operator()(curl_slist* list) const noexcept { curl::curl_slist_free_all(list); }
};
class List {
 public:
  void add(const std::string& line) {
    curl_slist* longer = curl::curl_slist_append(list_.get(), line.c_str());
    if (!longer) throw std::bad_alloc();
    (void)list_.release();
    list_.reset(longer);
  }
  curl_slist* get() const { return list_.get(); }

 private:
  std::unique_ptr<curl_slist, FreeList> list_;
};

// "Name: value"; libcurl takes a name without value for "do not send it", and "Name;" for an empty value.
std::string header_line(const Fields::Field& field) {
  return field.value.empty() ? field.name + ";" : field.name + ": " + field.value;
}

}  // namespace

// One exchange while it is on its way.
struct Http::Exchange {
  std::uint64_t token = 0;
  HttpRequest request;
  std::uint64_t most = 0;
  Easy easy;
  List header, connect_to;
  char error[CURL_ERROR_SIZE] = {};

  HttpReply reply;
  bool header_done = false, too_large = false;
  std::string local;  // what failed on our side

  // One line of a header, or of a trailer, which is left out (RFC 9110 section 6.5.1).
  void take_line(std::string_view line) {
    while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
    if (line.starts_with("HTTP/")) {  // the first, or the one after 1xx
      reply.fields = {};
      reply.status = 0;
      header_done = false;
      const auto space = line.find(' ');
      if (space != line.npos)
        std::from_chars(line.data() + space + 1, line.data() + line.size(), reply.status);
      return;
    }
    if (header_done) return;
    if (line.empty()) {
      header_done = reply.status >= 200;
      return;
    }
    const auto colon = line.find(':');
    if (colon == line.npos) return;
    reply.fields.add(trimmed(line.substr(0, colon)), trimmed(line.substr(colon + 1)));
  }

  void begin_body() {
    const auto control = reply.fields.joined("cache-control");
    if (!control || control->find("no-store") == control->npos) reply.body.spool_to(request.spool);
  }

  bool take_body(std::string_view bytes) {
    if (reply.body.size() == 0) begin_body();
    too_large = most != 0 && reply.body.size() + bytes.size() > most;
    if (too_large) return false;
    try {
      reply.body.append(bytes);
    } catch (const std::exception& failure) {
      local = failure.what();
    }
    return local.empty();
  }

  HttpReply finish(CURLcode code) {
    reply.error = error_of(code);
    if (too_large) {
      reply.error = TransferError::too_large;
      reply.why = fmt::format("the body is longer than {} bytes", most);
    } else if (!local.empty()) {
      reply.error = TransferError::local;
      reply.why = local;
    } else if (code != CURLE_OK) {
      reply.why = error[0] != '\0' ? error : curl::curl_easy_strerror(code);
    }
    if (!header_done && reply.error == TransferError::none) reply.error = TransferError::protocol;
    return std::move(reply);
  }
};

// The library's handles: one for all, and those for single exchanges that are free.
class Http::HandlePool {
 public:
  HandlePool() : multi_(curl::curl_multi_init()) {
    if (!multi_) throw std::bad_alloc();
    curl::curl_multi_setopt(multi_.get(), CURLMOPT_PIPELINING, long{CURLPIPE_MULTIPLEX});
  }

  CURLM* get() const { return multi_.get(); }

  Easy take() {
    if (free_.empty()) {
      Easy easy(curl::curl_easy_init());
      if (!easy) throw std::bad_alloc();
      return easy;
    }
    Easy easy = std::move(free_.back());
    free_.pop_back();
    return easy;
  }

  void give_back(Easy easy) {
    curl::curl_easy_reset(easy.get());
    free_.push_back(std::move(easy));
  }

 private:
  struct CleanMulti {
    void operator()(CURLM* multi) const noexcept { curl::curl_multi_cleanup(multi); }
  };
  std::unique_ptr<CURLM, CleanMulti> multi_;
  std::vector<Easy> free_;
};

namespace {

// Sets what every exchange has.
void set_up(CURL* easy, const HttpSettings& settings) {
  const auto& set = curl::curl_easy_setopt;
  set(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  set(easy, CURLOPT_NOSIGNAL, 1L);
  set(easy, CURLOPT_PIPEWAIT, 1L);  // one connection of HTTP/2 and not one for each
  set(easy, CURLOPT_PATH_AS_IS, 1L);
  set(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  set(easy, CURLOPT_USERAGENT, settings.user_agent.c_str());
  if (settings.connect_timeout.count() != 0)
    set(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(settings.connect_timeout.count()));
  if (!settings.cacert.empty()) set(easy, CURLOPT_CAINFO, settings.cacert.c_str());
  if (!settings.cert.empty()) set(easy, CURLOPT_SSLCERT, settings.cert.c_str());
  if (!settings.key.empty()) set(easy, CURLOPT_SSLKEY, settings.key.c_str());
  if (settings.insecure) {
    set(easy, CURLOPT_SSL_VERIFYPEER, 0L);
    set(easy, CURLOPT_SSL_VERIFYHOST, 0L);
  }
  if (!settings.proxy.empty()) set(easy, CURLOPT_PROXY, settings.proxy.c_str());
  if (!settings.netrc.empty()) {
    set(easy, CURLOPT_NETRC, long{CURL_NETRC_OPTIONAL});
    set(easy, CURLOPT_NETRC_FILE, settings.netrc.c_str());
  }
}

// The method and the body that goes with it.
void set_method(CURL* easy, const HttpRequest& request) {
  const auto& set = curl::curl_easy_setopt;
  if (request.method == "GET") return;
  if (request.method == "HEAD") {
    set(easy, CURLOPT_NOBODY, 1L);
    return;
  }
  if (!request.body.empty() || request.method == "POST" || request.method == "PUT") {
    set(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    set(easy, CURLOPT_POSTFIELDS, request.body.c_str());
  }
  set(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
}

}  // namespace

void load_libcurl() {
  find_function(curl::kLibrary, "curl_multi_init");
}

Http::Http(HttpSettings settings) : settings_(std::move(settings)) {}

Http::~Http() {
  for (const auto& [token, exchange] : exchanges_)
    curl::curl_multi_remove_handle(pool_->get(), exchange->easy.get());
}

void Http::start(std::uint64_t token, HttpRequest request) {
  if (!pool_) {  // now, for what is in the cache needs no libcurl
    settings_.load();
    pool_ = std::make_unique<HandlePool>();
  }
  auto exchange = std::make_unique<Exchange>();
  exchange->token = token;
  exchange->request = std::move(request);
  exchange->most = settings_.max_filesize;
  exchange->easy = pool_->take();
  CURL* easy = exchange->easy.get();
  const auto& set = curl::curl_easy_setopt;
  const HttpRequest& what = exchange->request;
  set_up(easy, settings_);
  set_method(easy, what);
  set(easy, CURLOPT_URL, what.url.c_str());
  if (what.timeout.count() != 0) set(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(what.timeout.count()));
  for (const auto& field : what.fields) exchange->header.add(header_line(field));
  set(easy, CURLOPT_HTTPHEADER, exchange->header.get());
  if (!what.connect_to.empty()) {
    exchange->connect_to.add("::" + what.connect_to);
    set(easy, CURLOPT_CONNECT_TO, exchange->connect_to.get());
  }
  set(easy, CURLOPT_ERRORBUFFER, exchange->error);
  set(easy, CURLOPT_PRIVATE, exchange.get());
  set(easy, CURLOPT_HEADERDATA, exchange.get());
  set(
      easy, CURLOPT_HEADERFUNCTION, +[](char* data, std::size_t, std::size_t size, void* to) {
        static_cast<Exchange*>(to)->take_line({data, size});
        return size;
      });
  set(easy, CURLOPT_WRITEDATA, exchange.get());
  set(
      easy, CURLOPT_WRITEFUNCTION, +[](char* data, std::size_t, std::size_t size, void* to) {
        return static_cast<Exchange*>(to)->take_body({data, size}) ? size : 0;
      });
  if (const auto code = curl::curl_multi_add_handle(pool_->get(), easy); code != CURLM_OK)
    throw Error(ErrorKind::internal, curl::curl_multi_strerror(code));
  exchanges_[token] = std::move(exchange);
}

void Http::cancel(std::uint64_t token) {
  const auto found = exchanges_.find(token);
  if (found == exchanges_.end()) return;
  curl::curl_multi_remove_handle(pool_->get(), found->second->easy.get());
  pool_->give_back(std::move(found->second->easy));
  exchanges_.erase(found);
}

std::vector<Transport::Done> Http::move(const Wait& also, milliseconds limit) {
  int running = 0;
  curl::curl_multi_perform(pool_->get(), &running);
  std::vector<Done> done;
  const auto collect = [&] {
    int left = 0;
    while (const CURLMsg* message = curl::curl_multi_info_read(pool_->get(), &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      const CURLcode code = message->data.result;
      char* exchange = nullptr;
      curl::curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &exchange);
      const auto found = exchanges_.find(reinterpret_cast<Exchange*>(exchange)->token);
      curl::curl_multi_remove_handle(pool_->get(), found->second->easy.get());
      done.push_back({found->first, found->second->finish(code)});
      pool_->give_back(std::move(found->second->easy));
      exchanges_.erase(found);
    }
  };
  collect();
  if (!done.empty()) return done;
  std::vector<curl_waitfd> others;
  for (const auto& descriptor : also.descriptors)
    others.push_back({descriptor.fd,
                      static_cast<short>((descriptor.events & POLLIN ? CURL_WAIT_POLLIN : 0) |
                                         (descriptor.events & POLLOUT ? CURL_WAIT_POLLOUT : 0)),
                      0});
  if (also.at_most) limit = std::min(limit, *also.at_most);
  curl::curl_multi_poll(pool_->get(), others.data(), static_cast<unsigned>(others.size()),
                        static_cast<int>(std::clamp<milliseconds::rep>(limit.count(), 0, 60'000)), nullptr);
  curl::curl_multi_perform(pool_->get(), &running);
  collect();
  return done;
}

HttpReply http_call(HttpRequest request, const HttpSettings& settings) {
  Http http(settings);
  http.start(0, std::move(request));
  for (;;)
    if (auto done = http.move({}, milliseconds(1000)); !done.empty()) return std::move(done.front().reply);
}

}  // namespace iso::http
