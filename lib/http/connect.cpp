#include "http/connect.h"

#include <fcntl.h>
#include <fmt/core.h>

#include "base/error.h"
#include "base/host_port.h"
#include "http/handles.h"

namespace iso::http {

Descriptor connect_to(const std::string& host, std::uint16_t port, std::chrono::milliseconds timeout) {
  load_libcurl();
  const EasyHandle owned(curl::curl_easy_init());
  if (!owned) throw std::bad_alloc();
  CURL* const easy = owned.get();
  char why[CURL_ERROR_SIZE] = {};
  const std::string url = fmt::format("http://{}/", host_port_text(host, port));
  set_option(easy, CURLOPT_ERRORBUFFER, why);
  set_option(easy, CURLOPT_URL, url.c_str());
  set_option(easy, CURLOPT_PROXY, "");
  set_option(easy, CURLOPT_CONNECT_ONLY, 1L);
  set_option(easy, CURLOPT_NOSIGNAL, 1L);
  set_option(easy, CURLOPT_QUICK_EXIT, 1L);
  set_option(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(timeout.count()));
  const CURLcode code = curl::curl_easy_perform(easy);
  if (code != CURLE_OK)
    throw Error(ErrorKind::unavailable, why[0] != '\0' ? why : curl::curl_easy_strerror(code));
  curl_socket_t socket = CURL_SOCKET_BAD;
  curl::curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &socket);
  const int fd = fcntl(socket, F_DUPFD_CLOEXEC, 0);  // libcurl closes its own
  if (fd < 0) throw Error(ErrorKind::unavailable, "the connection was lost");
  return Descriptor::own(fd);
}

}  // namespace iso::http
