#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "fetch/fields.h"

namespace iso {

// One exchange of HTTP over the line: no cache, no retry, no redirect.
struct HttpRequest {
  std::string method = "GET";
  std::string url;         // absolute; http and https only, whatever else the library can speak
  Fields fields;           // sent as they are, in this order
  std::string body;        // sent if not empty, or if the method is POST or PUT
  std::string connect_to;  // "HOST:PORT" to connect to in the place of the URL's own; Host and TLS name stay
                           // the URL's
  std::chrono::milliseconds timeout{0};  // from start to end; 0: no limit
};

// Why there is no whole response.
enum class HttpTrouble {
  none,
  resolve,  // the host has no address
  connect,  // refused, or no route
  tls,      // its certificate is not trusted, or no common cipher
  timeout,
  cut,        // the connection broke, or the body is shorter than its length said
  protocol,   // what came is no HTTP
  refused,    // not a URL that may be fetched
  too_large,  // longer than the limit that was set
  local,      // our side: out of memory, cannot write
};

struct HttpReply {
  int status = 0;  // 0: no header came
  Fields fields;   // of the final response; 1xx and trailers are not among them
  std::string body;
  HttpTrouble trouble = HttpTrouble::none;
  std::string why;  // for people: the library's words
};

// One exchange, waited for. For registries; fetch itself has many at once. Throws nothing for what the far
// side does: it is in the reply.
HttpReply http_call(const HttpRequest& request);

}  // namespace iso
