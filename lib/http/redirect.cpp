#include "http/redirect.h"

#include <algorithm>
#include <array>

#include "http/own_fields.h"
#include "http/uri.h"

namespace iso::http {
namespace {

constexpr std::array kOfContent{"content-encoding", "content-language", "content-location",
                                "content-length",   "content-type",     "digest",
                                "content-digest",   "repr-digest",      "last-modified"};

bool becomes_get(const Request& request, int status) {
  if (request.method == "HEAD") return false;
  return status == 303 || ((status == 301 || status == 302) && request.method == "POST");
}

}  // namespace

bool is_redirect(int status) {
  constexpr std::array kAll{301, 302, 303, 307, 308};
  return std::find(kAll.begin(), kAll.end(), status) != kAll.end();
}

Redirected redirected(const Request& request, int status, std::string url, bool trusted) {
  Redirected next{request, !becomes_get(request, status)};
  if (!next.with_body) {
    next.request.method = "GET";
    for (const char* name : kOfContent) next.request.fields.remove(name);
  }
  if (!trusted && !same_origin(request.url, url)) remove_own_fields(next.request.fields);
  next.request.url = std::move(url);
  return next;
}

}  // namespace iso::http
