#include <doctest/doctest.h>

#include "http_cache/validate.h"
#include "support/small_cache.h"

namespace iso::http_cache {
namespace {

using namespace http;

using namespace std::chrono_literals;

using test::Client;
using test::kStart;

std::string at(Seconds offset) {
  return http_date(kStart + offset);
}

Client::Origin always(Fields fields, int status = 200) {
  return [response = Response{status, std::move(fields)}](const Request&) { return response; };
}

// An origin that supports conditional requests.
Client::Origin validating(Fields fields) {
  return [fields](const Request& request) -> Response {
    const auto tags = request.fields.joined("if-none-match").value_or("");
    for (const auto tag : list_members(tags))
      if (weakly_equal(tag, fields.first("etag").value_or(""))) return {304, fields};
    const auto since = request.fields.first("if-modified-since");
    if (tags.empty() && since && since == fields.first("last-modified")) return {304, fields};
    return {200, fields};
  };
}

TEST_CASE("a second request within three seconds: served from the cache, validated, or sent again") {
  enum Want { cached, validated, asked };
  const struct {
    const char* what;
    Fields response, second;
    Want want;
    int status = 200;
  } rows[] = {
      {"nothing is said", {}, {}, asked},
      {"max-age", {{"Cache-Control", "max-age=60"}}, {}, cached},
      {"max-age is over", {{"Cache-Control", "max-age=3"}}, {}, asked},
      {"Age is over max-age", {{"Cache-Control", "max-age=60"}, {"Age", "58"}}, {}, asked},
      {"Date is over max-age", {{"Cache-Control", "max-age=60"}, {"Date", at(-58s)}}, {}, asked},
      {"Expires in 2286", {{"Expires", "Sun, 21 Nov 2286 04:46:39 GMT"}, {"Date", at(0s)}}, {}, cached},
      {"Expires by RFC 850", {{"Expires", "Thursday, 18-Aug-50 02:01:18 GMT"}}, {}, cached},
      {"Expires by asctime", {{"Expires", "Thu Aug  8 02:01:18 2050"}}, {}, cached},
      {"Expires in another zone", {{"Expires", "Thu, 18 Aug 2050 02:01:18 AEST"}}, {}, asked},
      {"Expires while Date is none", {{"Expires", at(10s)}, {"Date", "foo"}}, {}, cached},
      {"Age is over Expires", {{"Expires", at(20s)}, {"Date", at(10s)}, {"Age", "15"}}, {}, asked},
      {"a day old", {{"Last-Modified", at(-24h)}}, {}, cached},
      {"ten seconds old", {{"Last-Modified", at(-10s)}}, {}, validated},
      {"a day old, 403", {{"Last-Modified", at(-24h)}}, {}, asked, 403},
      {"a day old, 404", {{"Last-Modified", at(-24h)}}, {}, cached, 404},
      {"max-age, 503", {{"Cache-Control", "max-age=60"}}, {}, cached, 503},
      {"max-age, 302", {{"Cache-Control", "max-age=60"}}, {}, cached, 302},
      {"no-store", {{"Cache-Control", "max-age=60, no-store"}}, {}, asked},
      {"no-store but understood", {{"Cache-Control", "max-age=60, no-store, must-understand"}}, {}, cached},
      {"no-cache", {{"Cache-Control", "max-age=60, no-cache"}, {"ETag", "\"a\""}}, {}, validated},
      {"private", {{"Cache-Control", "private, max-age=60"}}, {}, cached},
      {"Pragma", {{"Cache-Control", "max-age=60"}, {"Pragma", "no-cache"}}, {}, cached},
      {"Set-Cookie", {{"Cache-Control", "max-age=60"}, {"Set-Cookie", "a=b"}}, {}, cached},
      {"Cookie", {{"Cache-Control", "max-age=60"}}, {{"Cookie", "a=b"}}, cached},
      {"Vary: *", {{"Cache-Control", "max-age=60"}, {"Vary", "Foo, *"}}, {}, asked},
      {"Vary on what is not there", {{"Cache-Control", "max-age=60"}, {"Vary", "Foo"}}, {}, cached},
      {"Vary on what is new", {{"Cache-Control", "max-age=60"}, {"Vary", "Foo"}}, {{"Foo", "1"}}, asked},
      {"asked for young", {{"Cache-Control", "max-age=60"}}, {{"Cache-Control", "max-age=1"}}, asked},
      {"asked for lasting", {{"Cache-Control", "max-age=60"}}, {{"Cache-Control", "min-fresh=90"}}, asked},
      {"asked for stale", {{"Cache-Control", "max-age=1"}}, {{"Cache-Control", "max-stale=9"}}, cached},
      {"asked to validate",
       {{"Cache-Control", "max-age=60"}, {"ETag", "a"}},
       {{"Pragma", "no-cache"}},
       validated},
      {"reload of what is immutable",
       {{"Cache-Control", "max-age=60, immutable"}},
       {{"Cache-Control", "max-age=0"}},
       cached},
      {"the same, stale",
       {{"Cache-Control", "max-age=2, immutable"}, {"ETag", "\"a\""}},
       {{"Cache-Control", "max-age=0"}},
       validated},
      {"a weak tag", {{"Cache-Control", "max-age=2"}, {"ETag", "W/\"a\""}}, {}, validated},
      {"a date", {{"Cache-Control", "max-age=2"}, {"Last-Modified", at(-60s)}}, {}, validated},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    Client client;
    client.origin = row.status == 200 ? validating(row.response) : always(row.response, row.status);
    CHECK(client.get().asked);
    client.now += 3s;
    const auto reply = client.get(row.second);
    CHECK(reply.asked == (row.want != cached));
    CHECK(reply.conditional == (row.want == validated));
    CHECK(reply.body == (row.want == asked ? "body 2" : "body 1"));
    CHECK(reply.response.status == row.status);
    if (row.want == cached) CHECK(reply.response.fields.has("age"));
  }
}

TEST_CASE("a 304 updates fields and lifetime, now and for later requests (RFC 9111 section 4.3.4)") {
  Client client;
  client.origin =
      validating({{"Cache-Control", "max-age=2"}, {"ETag", "\"a\""}, {"Test", "A"}, {"Stays", "S"}});
  client.get();
  client.now += 3s;
  client.origin = validating({{"ETag", "\"a\""}, {"Test", "B"}});
  for (const bool asked : {true, false}) {
    const auto reply = client.get();
    CHECK(reply.asked == asked);
    CHECK(reply.response.status == 200);
    CHECK(reply.body == "body 1");
    CHECK(reply.response.fields.lines("test") == std::vector<std::string_view>{"B"});
    CHECK(reply.response.fields.first("stays") == "S");
    client.now += 1s;
  }
}

TEST_CASE(
    "a 304 for another body than the stored one never yields an empty or wrong body (RFC 9111 section "
    "4.3.4)") {
  Client client;
  client.origin = always({{"ETag", "\"a\""}});
  client.get();
  client.origin = [](const Request& request) -> Response {
    return {request.fields.has("if-none-match") ? 304 : 200, {{"ETag", "\"b\""}}};
  };
  const auto reply = client.get();
  CHECK(reply.response.status == 200);
  CHECK(reply.body == "body 3");
}

TEST_CASE("variants are stored side by side, and one body can belong to two of them (RFC 9111 section 4.1)") {
  Client client;
  const auto tag_of = [](const Request& request) {
    return "\"" + std::string(request.fields.first("foo").value_or("")) + "\"";
  };
  client.origin = [&](const Request& request) -> Response {
    return validating({{"Vary", "Foo"}, {"Cache-Control", "max-age=60"}, {"ETag", tag_of(request)}})(request)
        .value();
  };
  CHECK(client.get({{"Foo", "1"}}).body == "body 1");
  CHECK(client.get({{"Foo", "2"}}).body == "body 2");
  CHECK_FALSE(client.get({{"Foo", "1"}}).asked);
  client.origin = validating({{"Vary", "Foo"}, {"Cache-Control", "max-age=60"}, {"ETag", "\"2\""}});
  const auto third = client.get({{"Foo", "3"}});
  CHECK(third.conditional);
  CHECK(third.body == "body 2");
  CHECK_FALSE(client.get({{"Foo", "3"}}).asked);
  CHECK(client.get({{"Foo", "2"}}).body == "body 2");
  CHECK(client.get({{"Foo", "1"}}).body == "body 1");
}

TEST_CASE("stale-while-revalidate: once stale, then new; not after its window (RFC 5861 section 3)") {
  Client client;
  client.origin = always({{"Cache-Control", "max-age=1, stale-while-revalidate=4"}, {"ETag", "\"abc\""}});
  client.get();
  client.now += 3s;
  client.origin = always({{"Cache-Control", "no-cache"}, {"ETag", "\"def\""}});
  CHECK(client.get().body == "body 1");
  CHECK(client.count == 2);
  client.now += 3s;
  CHECK(client.get().body == "body 3");
}

TEST_CASE("an unreachable origin: an error, or stale if that is allowed (RFC 9111 section 4.2.4)") {
  const auto gone = [](const Request&) { return std::nullopt; };
  for (const char* control :
       {"max-age=2", "max-age=2, must-revalidate", "max-age=2, no-cache", "max-age=2, stale-if-error=60"}) {
    CAPTURE(control);
    Client client;
    client.origin = always({{"Cache-Control", control}});
    client.get();
    client.now += 3s;
    client.origin = gone;
    const bool stale = std::string_view(control).find("stale-if-error") != std::string_view::npos;
    CHECK(client.get().response.status == (stale ? 200 : 0));
    client.origin = always({}, 503);
    CHECK(client.get().response.status == (stale ? 200 : 503));
  }
}

TEST_CASE(
    "ranges are served from a complete response, a stored part only its own range (RFC 9110 "
    "section 14)") {
  Client client;
  client.origin = validating({{"Cache-Control", "max-age=2"}, {"ETag", "\"a\""}, {"A", "1"}});
  client.get();
  const auto part = client.get({{"Range", "bytes=0-3"}});
  CHECK_FALSE(part.asked);
  CHECK(part.response.status == 206);
  CHECK(part.body == "body");
  CHECK(part.response.fields.first("content-range") == "bytes 0-3/6");
  CHECK(part.response.fields.first("a") == "1");
  client.now += 3s;
  const auto again = client.get({{"Range", "bytes=-1"}});
  CHECK(again.conditional);
  CHECK(again.response.status == 206);
  CHECK(again.body == "1");
  CHECK(client.get({{"Range", "bytes=6-"}}).response.status == 416);

  Client other;
  other.origin = always({{"Cache-Control", "max-age=60"}, {"Content-Range", "bytes 4-9/10"}}, 206);
  other.get({{"Range", "bytes=-6"}});
  CHECK_FALSE(other.get({{"Range", "bytes=-6"}}).asked);
  CHECK(other.get({{"Range", "bytes=-5"}}).asked);
  CHECK(other.get().asked);
}

TEST_CASE(
    "a change invalidates, a failed one does not, and a POST may be stored (RFC 9111 "
    "section 4.4)") {
  Client client;
  client.origin = always({{"Cache-Control", "max-age=60"}});
  client.get();
  client.origin = always({}, 500);
  client.send({"M-SEARCH", "http://a/x", {}});
  CHECK_FALSE(client.get().asked);
  client.origin = always({{"Cache-Control", "max-age=60"}});
  client.send({"M-SEARCH", "http://a/x", {}});
  CHECK(client.get().body == "body 4");
  client.origin = always({{"Cache-Control", "max-age=60"}, {"Content-Location", "/x"}});
  client.send({"POST", "http://a/x", {}});
  CHECK(client.get().body == "body 5");
  CHECK_FALSE(client.get().asked);
}

}  // namespace
}  // namespace iso::http_cache
