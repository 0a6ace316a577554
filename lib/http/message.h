#pragma once

#include <string>

#include "http/date.h"
#include "http/fields.h"

namespace iso::http {

// A request as the user made it, without the cache's own conditions.
struct Request {
  std::string method = "GET";
  std::string url;  // absolute, without a fragment
  Fields fields;
};

// A final response, without its body.
struct Response {
  int status = 0;
  Fields fields;
};

// When the request was sent and when the response's header arrived, by the wall clock.
struct Times {
  Seconds request{0}, response{0};
};

}  // namespace iso::http
