#include "http/handles.h"

#include <fmt/core.h>
#include <new>

#include "base/error.h"
#include "http/uri.h"

namespace iso::http {
namespace {

// "Name: value". libcurl reads "Name:" as "do not send this field", and "Name;" as an empty value.
std::string header_line(const Fields::Field& field) {
  return field.value.empty() ? field.name + ";" : field.name + ": " + field.value;
}

// Sets the method and the body.
void set_method(CURL* easy, const HttpRequest& request) {
  if (request.method == "HEAD") return set_option(easy, CURLOPT_NOBODY, 1L);
  if (request.method == "GET" && request.body.empty()) return;
  if (!request.body.empty() || request.method == "POST" || request.method == "PUT") {
    set_option(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    set_option(easy, CURLOPT_POSTFIELDS, request.body.c_str());
  }
  set_option(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
}

// "+HOST:PORT:ADDRESS,…"; the + makes the entry expire like a DNS answer.
std::string resolve_line(const HttpRequest& request, const HttpOrigin& origin) {
  std::string line = fmt::format("+{}:{}:", origin.host, origin.port);
  const char* comma = "";
  for (const auto& address : request.addresses) {
    line += comma;
    line += address.find(':') == address.npos ? address : "[" + address + "]";
    comma = ",";
  }
  return line;
}

}  // namespace

void TextList::add(const std::string& line) {
  curl_slist* longer = curl::curl_slist_append(list_.get(), line.c_str());
  if (!longer) throw std::bad_alloc();
  (void)list_.release();
  list_.reset(longer);
}

HandlePool::HandlePool() : multi_(curl::curl_multi_init()) {
  if (!multi_) throw std::bad_alloc();
  curl::curl_multi_setopt(multi_.get(), CURLMOPT_PIPELINING, long{CURLPIPE_MULTIPLEX});
}

EasyHandle HandlePool::take() {
  if (free_.empty()) {
    EasyHandle easy(curl::curl_easy_init());
    if (!easy) throw std::bad_alloc();
    return easy;
  }
  EasyHandle easy = std::move(free_.back());
  free_.pop_back();
  return easy;
}

void HandlePool::give_back(EasyHandle easy) {
  curl::curl_easy_reset(easy.get());
  free_.push_back(std::move(easy));
}

void set_up(CURL* easy, const HttpSettings& settings) {
  set_option(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  set_option(easy, CURLOPT_NOSIGNAL, 1L);
  set_option(easy, CURLOPT_QUICK_EXIT, 1L);  // do not wait for a resolver thread when a transfer is cancelled
  set_option(easy, CURLOPT_PATH_AS_IS, 1L);
  set_option(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  set_option(easy, CURLOPT_USERAGENT, settings.user_agent.c_str());
  if (settings.connect_timeout.count() != 0)
    set_option(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(settings.connect_timeout.count()));
  if (!settings.cacert.empty()) set_option(easy, CURLOPT_CAINFO, settings.cacert.c_str());
  if (!settings.cert.empty()) set_option(easy, CURLOPT_SSLCERT, settings.cert.c_str());
  if (!settings.key.empty()) set_option(easy, CURLOPT_SSLKEY, settings.key.c_str());
  if (settings.insecure) {
    set_option(easy, CURLOPT_SSL_VERIFYPEER, 0L);
    set_option(easy, CURLOPT_SSL_VERIFYHOST, 0L);
  }
  if (!settings.proxy.empty()) set_option(easy, CURLOPT_PROXY, settings.proxy.c_str());
  if (!settings.netrc.empty()) {
    set_option(easy, CURLOPT_NETRC, long{CURL_NETRC_OPTIONAL});
    set_option(easy, CURLOPT_NETRC_FILE, settings.netrc.c_str());
  }
}

void set_request(CURL* easy, const HttpSettings& settings, const HttpRequest& request, TextList& header,
                 TextList& connect_to, TextList& addresses) {
  set_method(easy, request);
  set_option(easy, CURLOPT_URL, request.url.c_str());
  // Wait for an HTTP/2 connection to share instead of opening another. Not for plain http, which has no
  // HTTP/2: there requests would run one after the other.
  if (request.url.starts_with("https:")) set_option(easy, CURLOPT_PIPEWAIT, 1L);
  if (!request.may_repeat) set_option(easy, CURLOPT_FRESH_CONNECT, 1L);
  // The proxy checks the addresses, so no request may bypass it.
  if (request.public_only && settings.is_proxied) set_option(easy, CURLOPT_NOPROXY, "");
  for (const auto& field : request.fields) header.add(header_line(field));
  set_option(easy, CURLOPT_HTTPHEADER, header.get());
  if (!request.connect_to.empty()) {
    connect_to.add("::" + request.connect_to);
    set_option(easy, CURLOPT_CONNECT_TO, connect_to.get());
  }
  if (const auto origin = origin_of(request.url); origin && !request.addresses.empty()) {
    addresses.add(resolve_line(request, *origin));
    set_option(easy, CURLOPT_RESOLVE, addresses.get());
  }
}

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

}  // namespace iso::http
