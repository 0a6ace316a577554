#pragma once

#include <string>

#include "http/message.h"

namespace iso::http {

// Whether a response with this status redirects to its Location.
bool is_redirect(int status);

// The request for `url` that follows a redirect of `status`.
struct Redirected {
  Request request;
  bool with_body = true;  // send the body again
};

// RFC 9110 section 15.4: a 303 changes the method to GET, and 301 and 302 change POST to GET, which drops the
// body and the fields that describe it. User-specific fields are not sent to another origin
// (http/own_fields.h) unless it is `trusted`.
Redirected redirected(const Request& request, int status, std::string url, bool trusted = false);

}  // namespace iso::http
