#pragma once

#include <string>

#include "http/message.h"

namespace iso::http {

// Whether a response of this status sends on to what its Location names.
bool is_redirect(int status);

// The request that goes to `url` after one that was answered by a redirect of `status`.
struct Redirected {
  Request request;
  bool with_body = true;  // as the request before it
};

// RFC 9110 section 15.4: a 303 makes it a GET, and so do 301 and 302 of a POST; what speaks of a body goes
// with the body, and the user's own fields go to no other origin (http/own_fields.h) unless it is `trusted`.
Redirected redirected(const Request& request, int status, std::string url, bool trusted = false);

}  // namespace iso::http
