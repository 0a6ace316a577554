#pragma once

#include <string>

#include "http/date.h"
#include "http/fields.h"

namespace iso::http {

// What is asked for, as the user gave it: the cache's own conditions are not among the fields yet.
struct Request {
  std::string method = "GET";
  std::string url;  // absolute, without fragment
  Fields fields;
};

// A final response without its body.
struct Response {
  int status = 0;
  Fields fields;
};

// When the request was sent and when the header of its response had come, by the wall clock.
struct Times {
  Seconds request{0}, response{0};
};

}  // namespace iso::http
