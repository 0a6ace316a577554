#include "http/redirect.h"

#include <doctest/doctest.h>

namespace iso::http {
namespace {

const std::string kFrom = "http://a.example/from", kTo = "http://a.example/to";

Redirected after(const std::string& method, int status, Fields fields = {}, const std::string& to = kTo) {
  return redirected({method, kFrom, std::move(fields)}, status, to);
}

TEST_CASE("is_redirect: statuses that redirect to Location, and no others") {
  for (const int status : {301, 302, 303, 307, 308}) CHECK(is_redirect(status));
  for (const int status : {0, 200, 201, 300, 304, 305, 306, 309, 404, 503}) CHECK_FALSE(is_redirect(status));
}

TEST_CASE("redirected: a 303 leads to a GET, as do 301 and 302 for a POST (RFC 9110 section 15.4)") {
  const struct {
    std::string method;
    int status;
    std::string want;
  } rows[] = {
      {"POST", 301, "GET"},  {"POST", 302, "GET"},   {"POST", 303, "GET"},      {"POST", 307, "POST"},
      {"POST", 308, "POST"}, {"PUT", 301, "PUT"},    {"PUT", 302, "PUT"},       {"PUT", 303, "GET"},
      {"PUT", 307, "PUT"},   {"DELETE", 303, "GET"}, {"DELETE", 308, "DELETE"}, {"GET", 301, "GET"},
      {"HEAD", 303, "HEAD"}, {"HEAD", 302, "HEAD"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.method);
    CAPTURE(row.status);
    const auto next = after(row.method, row.status);
    CHECK(next.request.method == row.want);
    CHECK(next.request.url == kTo);
    if (row.method != "GET" && row.method != "HEAD") CHECK(next.with_body == (row.want == row.method));
  }
}

TEST_CASE("redirected: a GET that was a POST has no fields about a body (RFC 9110 section 15.4)") {
  const Fields fields{{"Accept", "a/b"},       {"Content-Type", "a/b"}, {"Content-Encoding", "gzip"},
                      {"Content-Length", "3"}, {"Digest", "x"},         {"Last-Modified", "y"},
                      {"X-Own", "1"}};
  CHECK(after("POST", 303, fields).request.fields == Fields{{"Accept", "a/b"}, {"X-Own", "1"}});
  CHECK(after("POST", 307, fields).request.fields == fields);
}

TEST_CASE("redirected: user-specific fields are not sent to another origin, unless it is trusted") {
  const Fields fields{
      {"Authorization", "x"}, {"Cookie", "y"}, {"Proxy-Authorization", "z"},  {"X-Api-Key", "1"},
      {"Host", "other"},      {"X-Own", "1"},  {"Accept", "application/json"}};
  CHECK(after("GET", 302, fields).request.fields == fields);
  for (const char* to : {"http://b.example/to", "https://a.example/to", "http://a.example:81/to"}) {
    CAPTURE(to);
    CHECK(after("GET", 302, fields, to).request.fields == Fields{{"Accept", "application/json"}});
    CHECK(redirected({"GET", "http://a.example/from", fields}, 302, to, true).request.fields == fields);
  }
}

}  // namespace
}  // namespace iso::http
