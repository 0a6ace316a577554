#include "http/response_reader.h"

#include <doctest/doctest.h>

namespace iso::http {
namespace {

// The reply for these header lines, each with its LF, and this body.
HttpReply read(const std::string& header, std::string_view body = {}, HttpRequest request = {},
               std::uint64_t most = 0) {
  ResponseReader reader(request, most);
  std::size_t at = 0;
  bool good = true;
  while (good && at < header.size()) {
    const auto end = header.find('\n', at) + 1;
    good = reader.take_line(std::string_view(header).substr(at, end - at));
    at = end;
  }
  if (good) reader.take_body(body);
  return reader.finish(TransferError::none, {});
}

TEST_CASE("ResponseReader: a line fold becomes a space (RFC 9112 section 5.2)") {
  const auto reply = read("HTTP/1.1 200 OK\r\nCache-Control: max-age=60,\r\n no-store\r\nA:\r\n\tb\r\n\r\n");
  CHECK(reply.fields.joined("cache-control") == "max-age=60, no-store");
  CHECK(trimmed(reply.fields.first("a").value_or("")) == "b");
}

TEST_CASE("ResponseReader: refuses lengths that are invalid, or contradict each other or the body") {
  const struct {
    const char* fields;
    const char* body;
    TransferError want;
  } rows[] = {
      {"Content-Length: 3\n", "abc", TransferError::none},
      {"Content-Length: 3\nContent-Length: 3\n", "abc", TransferError::none},
      {"Content-Length: 3, 3\n", "abc", TransferError::none},
      {"Content-Length: 3\nContent-Length: 5\n", "abc", TransferError::protocol},
      {"Content-Length: 5, 3\n", "abc", TransferError::protocol},
      {"Content-Length: +3\n", "abc", TransferError::protocol},
      {"Content-Length: 0x3\n", "abc", TransferError::protocol},
      {"Content-Length: -3\n", "abc", TransferError::protocol},
      {"Content-Length: 3 3\n", "abc", TransferError::protocol},
      {"Content-Length: \n", "abc", TransferError::protocol},
      {"Content-Length: 99999999999999999999\n", "abc", TransferError::protocol},
      {"Content-Length : 5\n", "abc", TransferError::cut},
      {"Content-Length:\n 5\n", "abc", TransferError::cut},
      {"Transfer-Encoding: chunked\nContent-Length: 5\n", "abc", TransferError::cut},
  };
  for (const auto& row : rows) {
    CAPTURE(row.fields);
    const auto reply = read(std::string("HTTP/1.1 200 OK\n") + row.fields + "\n", row.body);
    CHECK(reply.error == row.want);
    CHECK(reply.why.empty() == (row.want == TransferError::none));
    if (row.want == TransferError::protocol) CHECK(reply.body.size() == 0);
  }
}

TEST_CASE("ResponseReader: refuses a response that was not asked for") {
  HttpRequest ranged;
  ranged.fields.add("Range", "bytes=0-2");
  const std::string part = "HTTP/1.1 206 Partial\nContent-Range: bytes 0-2/9\nContent-Length: 3\n\n";
  CHECK(read(part, "abc").error == TransferError::protocol);
  CHECK(read(part, "abc", ranged).error == TransferError::none);
  for (const char* header : {"HTTP/1.1 101 Switching\n\n", "HTTP/1.1 099 What\n\n", "HTTP/1.1 200 OK\nA: b\n",
                             "", "HTTP/1.1 200 OK\n fold\n\n"}) {
    CAPTURE(header);
    const auto reply = read(header);
    CHECK(reply.error == TransferError::protocol);
    CHECK_FALSE(reply.why.empty());
  }
}

TEST_CASE("ResponseReader: keeps interim responses apart, and ignores a status in a trailer") {
  const auto reply = read("HTTP/1.1 103 Early Hints\nLink: </a>\n\nHTTP/1.1 200 OK\nA: 1\n\nHTTP/x: 500 b\n");
  CHECK(reply.status == 200);
  CHECK(reply.fields == Fields{{"A", "1"}});
  REQUIRE(reply.interim.size() == 1);
  CHECK(reply.interim[0].status == 103);
  CHECK(reply.interim[0].fields == Fields{{"Link", "</a>"}});
}

TEST_CASE("ResponseReader: everything that it stores is bounded") {
  HttpRequest request;
  ResponseReader trailers(request, 0);
  for (const char* line : {"HTTP/1.1 200 OK\n", "\n"}) CHECK(trailers.take_line(line));
  const std::string line = "T: " + std::string(1000, 'x') + "\n";
  std::size_t taken = 0;
  while (taken < 2 * kMostHeader && trailers.take_line(line)) taken += line.size();
  CHECK(taken <= kMostHeader);

  ResponseReader interim(request, 0);
  std::size_t count = 0;
  while (count < 1000 && interim.take_line("HTTP/1.1 103 Early\n") && interim.take_line("\n")) ++count;
  CHECK(count == kMostInterim);

  request.spool = "/nowhere";
  for (const char* control : {"no-store", "private, No-Store"}) {
    CAPTURE(control);
    ResponseReader secret(request, 0);
    CHECK(secret.take_line("HTTP/1.1 200 OK\n"));
    CHECK(secret.take_line(std::string("Cache-Control: ") + control + "\n"));
    CHECK(secret.take_line("\n"));
    const std::string piece(std::size_t{8} << 20,
                            'x');  // the body must not be written to a disk, or this would throw
    std::uint64_t got = 0;
    while (got < 2 * kMostInMemory && secret.take_body(piece)) got += piece.size();
    CHECK(got == kMostInMemory);
  }
  CHECK(read("HTTP/1.1 200 OK\nContent-Length: 9\n\n", "abcdefghi", {}, 8).error == TransferError::too_large);
}

TEST_CASE("ResponseReader: marks a body that only the end of the connection delimits") {
  CHECK(read("HTTP/1.1 200 OK\n\n", "abc").ends_with_connection);
  CHECK_FALSE(read("HTTP/1.1 200 OK\nContent-Length: 3\n\n", "abc").ends_with_connection);
  CHECK_FALSE(read("HTTP/1.1 200 OK\nTransfer-Encoding: gzip, chunked\n\n", "abc").ends_with_connection);
  CHECK_FALSE(read("HTTP/1.1 204 No Content\n\n").ends_with_connection);
  CHECK_FALSE(read("HTTP/2 200\n\n", "abc").ends_with_connection);
}

}  // namespace
}  // namespace iso::http
