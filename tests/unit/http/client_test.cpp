#include "http/client.h"

#include <doctest/doctest.h>
#include <fmt/core.h>

#include "support/small_origin.h"

namespace iso::http {
namespace {

HttpReply get(const test::SmallOrigin& origin, Fields fields = {}, HttpSettings settings = {}) {
  HttpRequest request;
  request.url = origin.url("/x");
  request.fields = std::move(fields);
  request.timeout = std::chrono::seconds(5);
  return http_call(std::move(request), settings);
}

TEST_CASE(
    "http_call: returns the fields of the final response, in order, with repeats, without 1xx and trailers") {
  const test::SmallOrigin origin(
      {"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
       "HTTP/1.1 200 OK\r\nB: 1\r\nA:  2 \r\nb: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
       "3\r\nabc\r\n0\r\nTrailer: late\r\n\r\n"});
  const HttpReply reply = get(origin);
  CHECK(reply.error == TransferError::none);
  CHECK(reply.status == 200);
  CHECK(reply.fields == Fields{{"B", "1"}, {"A", "2"}, {"b", "3"}, {"Transfer-Encoding", "chunked"}});
  CHECK(reply.body.bytes() == "abc");
}

TEST_CASE("http_call: sends the fields of the request unchanged, including empty ones") {
  const test::SmallOrigin origin({"HTTP/1.1 204 No Content\r\n\r\n"});
  CHECK(get(origin, {{"X-Empty", ""}, {"if-none-match", "W/\"a\""}}).status == 204);
  const auto request = origin.requests().front();
  CHECK(request.starts_with("GET /x HTTP/1.1\r\n"));
  CHECK(request.find("\r\nX-Empty:\r\n") != request.npos);
  CHECK(request.find("\r\nif-none-match: W/\"a\"\r\n") != request.npos);
}

TEST_CASE("http_call: reports an incomplete response, and never status 0 without a reason") {
  const struct {
    std::string bytes;
    TransferError want;
  } rows[] = {
      {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc", TransferError::cut},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", TransferError::cut},
      {"", TransferError::cut},
      {"garbage\r\n\r\n", TransferError::protocol},
      {"HTTP/1.1 200 OK\r\nA: 1\r\n", TransferError::protocol},
  };
  for (const auto& row : rows) {
    CAPTURE(row.bytes);
    const test::SmallOrigin origin({row.bytes});
    const HttpReply reply = get(origin);
    CHECK(reply.error == row.want);
    CHECK_FALSE((reply.why.empty() && reply.error != TransferError::protocol));
  }
}

TEST_CASE("http_call: a chunked body stops at the size limit, which libcurl does not enforce") {
  const test::SmallOrigin origin(
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n0\r\n\r\n"});
  HttpSettings settings;
  settings.max_filesize = 5;
  CHECK(get(origin, {}, settings).error == TransferError::too_large);
}

TEST_CASE("http_call: does not connect to an address that is not public, if so requested") {
  const test::SmallOrigin origin({"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na"});
  HttpRequest request;
  request.public_only = true;
  request.timeout = std::chrono::seconds(5);
  for (const char* host : {"127.0.0.1", "localhost"}) {
    request.url = fmt::format("http://{}:{}/", host, origin.port());
    CHECK(http_call(request).error == TransferError::forbidden);
  }
  CHECK(origin.requests().empty());
  request.url = fmt::format("http://name.test:{}/", origin.port());
  request.addresses = {"127.0.0.1"};  // a name is checked by the address that it resolves to
  CHECK(http_call(request).error == TransferError::forbidden);
  request.public_only = false;
  CHECK(http_call(request).status == 200);
}

TEST_CASE("http_call: decodes the body, and fails for a coding that was not asked for") {
  const struct {
    const char* fields;
    TransferError want;
  } rows[] = {{"Content-Encoding: identity\r\nContent-Length: 3\r\n", TransferError::none},
              {"Content-Encoding: deflate\r\nContent-Length: 3\r\n", TransferError::protocol},
              {"Content-Encoding: gzip\r\nContent-Length: 3\r\n", TransferError::cut}};
  for (const auto& row : rows) {
    CAPTURE(row.fields);
    const test::SmallOrigin origin({fmt::format("HTTP/1.1 200 OK\r\n{}\r\nabc", row.fields)});
    HttpRequest request;
    request.url = origin.url("/");
    request.decodes = true;
    CHECK(http_call(request).error == row.want);
  }
}

TEST_CASE("http_call: reports a refused connection and an unsupported scheme") {
  HttpRequest request;
  {
    const test::SmallOrigin gone({});
    request.url = gone.url("/");
  }
  CHECK(http_call(request).error == TransferError::connect);
  for (const char* url : {"file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://127.0.0.1/"}) {
    request.url = url;
    const HttpReply reply = http_call(request);
    CHECK(reply.error != TransferError::none);
    CHECK(reply.body.size() == 0);
  }
}

TEST_CASE("http_call: our own timeout ends what libcurl waits for") {
  HttpRequest request;
  const test::SmallOrigin origin({});  // accepts a connection and never answers
  request.url = origin.url("/");
  request.timeout = std::chrono::milliseconds(100);
  CHECK(http_call(request).error == TransferError::timeout);
  request.timeout = std::chrono::milliseconds(0);
  request.stall = std::chrono::milliseconds(100);
  const HttpReply reply = http_call(std::move(request));
  CHECK(reply.error == TransferError::timeout);
  CHECK(reply.why == "nothing moved for 0.1 s");
}

TEST_CASE("Http: a name that cannot be resolved fails all exchanges that wait for it") {
  Http http{HttpSettings{}};
  for (std::uint64_t token = 1; token <= 20; ++token) {
    HttpRequest request;
    request.url = fmt::format("http://nowhere.invalid/{}", token);
    request.timeout = std::chrono::seconds(20);
    http.start(token, std::move(request));
  }
  http.cancel(1);  // the exchange that resolves the name is cancelled: the next one does it
  std::size_t ended = 0, rounds = 0;
  while (ended < 19) {
    const auto done = http.move({}, std::chrono::seconds(20));
    for (const auto& one : done) CHECK(one.reply.error == TransferError::resolve);
    ended += done.size();
    if (!done.empty()) ++rounds;
  }
  CHECK(rounds == 1);
}

TEST_CASE("http_call: uses known addresses instead of resolving the host") {
  const test::SmallOrigin origin({"HTTP/1.1 204 No Content\r\n\r\n"});
  HttpRequest request;
  request.url = fmt::format("http://shop.example:{}/x", origin.port());
  request.addresses = {"127.0.0.1"};
  CHECK(http_call(request).status == 204);
}

TEST_CASE("http_call: connect_to changes the server and keeps Host") {
  const test::SmallOrigin origin({"HTTP/1.1 204 No Content\r\n\r\n"});
  HttpRequest request;
  request.url = "http://shop.example/x";
  request.connect_to = fmt::format("127.0.0.1:{}", origin.port());
  CHECK(http_call(request).status == 204);
  CHECK(origin.requests().front().find("\r\nHost: shop.example\r\n") != std::string::npos);
}

}  // namespace
}  // namespace iso::http
