#include "fetch/fetch.h"

#include <doctest/doctest.h>

#include "support/fake_transport.h"
#include "support/fakes.h"
#include "support/folder.h"

namespace iso::fetch {
namespace {

using namespace breaker;
using namespace discovery;
using namespace http;
using namespace http_cache;

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::FakeTransport;
using test::reply;

struct Bench {
  explicit Bench(FetchOptions options = {}) : fetcher(parts(), std::move(options)) {}

  Fetcher::Parts parts() {
    Fetcher::Parts all{transport};
    all.cache = &cache;
    all.random = [] { return 0.0; };  // no pauses
    return all;
  }
  Fetched get(const std::string& url, Fields fields = {}) {
    fetcher.start(1, {"GET", url, std::move(fields)});
    for (int turns = 0; turns < 100; ++turns)
      for (auto& done : fetcher.turn({}, milliseconds(10))) return std::move(done);
    FAIL("nothing came");
    return {};
  }

  test::Folder folder;
  Cache cache{folder.path + "/cache.db"};
  FakeTransport transport;
  Fetcher fetcher;
};

TEST_CASE("Fetcher: a 304 serves the body that was read before the request, even if the entry is gone") {
  Bench bench;
  bench.transport.replies.push_back(reply(200, {{"ETag", "\"1\""}}, "body"));
  bench.get("http://a/x");
  bench.transport.replies.push_back(reply(304, {{"ETag", "\"1\""}}));
  bench.transport.between = [&] {
    bench.cache.remove("http://a/x");
    bench.cache.commit();
  };
  const Fetched fetched = bench.get("http://a/x");
  CHECK(fetched.cache == CacheUse::revalidated);
  CHECK(fetched.response.status == 200);
  CHECK(fetched.body.bytes() == "body");
}

TEST_CASE("Fetcher: a 304 with another tag is requested again, once, without conditions") {
  Bench bench;
  bench.transport.replies.push_back(reply(200, {{"ETag", "\"1\""}}, "one"));
  bench.get("http://a/x");
  bench.transport.replies.push_back(reply(304, {{"ETag", "\"2\""}}));
  bench.transport.replies.push_back(reply(200, {{"ETag", "\"2\""}}, "two"));
  CHECK(bench.get("http://a/x").body.bytes() == "two");
  CHECK(bench.transport.asked.at(1).fields.has("if-none-match"));
  CHECK_FALSE(bench.transport.asked.at(2).fields.has("if-none-match"));

  bench.transport.replies.push_back(reply(304, {{"ETag", "\"3\""}}));
  bench.transport.replies.push_back(reply(304, {{"ETag", "\"3\""}}));
  const Fetched fetched = bench.get("http://a/x");
  REQUIRE(fetched.failure);
  CHECK(fetched.failure->kind == ErrorKind::unavailable);
}

TEST_CASE("Fetcher: a truncated body is resumed if its tag is strong and unchanged") {
  const struct {
    const char* tag;
    HttpReply second;
    bool asks_for_the_rest;
    const char* want;
  } rows[] = {
      {"\"1\"", reply(206, {{"ETag", "\"1\""}, {"Content-Range", "bytes 3-5/6"}}, "def"), true, "abcdef"},
      {"\"1\"", reply(200, {{"ETag", "\"2\""}}, "uvwxyz"), true, "uvwxyz"},
      {"W/\"1\"", reply(200, {{"ETag", "W/\"1\""}}, "abcdef"), false, "abcdef"},
  };
  for (auto& row : rows) {
    CAPTURE(row.tag);
    Bench bench;
    bench.transport.replies.push_back(
        reply(200, {{"ETag", row.tag}, {"Content-Length", "6"}}, "abc", TransferError::cut));
    bench.transport.replies.push_back(
        reply(row.second.status, row.second.fields, std::string(row.second.body.bytes())));
    const Fetched fetched = bench.get("http://a/x");
    CHECK(fetched.body.bytes() == row.want);
    CHECK(fetched.response.status == 200);
    CHECK(bench.transport.asked.at(1).fields.has("range") == row.asks_for_the_rest);
  }
}

TEST_CASE("Fetcher: asks for content encodings, except for a range or if the user sends Accept-Encoding") {
  Bench bench;
  for (int i = 0; i < 3; ++i) bench.transport.replies.push_back(reply(200, {}, "body"));
  bench.get("http://a/x");
  bench.get("http://a/x", {{"Range", "bytes=0-1"}});
  bench.get("http://a/x", {{"Accept-Encoding", "br"}});
  const auto& asked = bench.transport.asked;
  REQUIRE(asked.size() == 3);
  CHECK(asked[0].fields.joined("accept-encoding") == "gzip, br, zstd");
  CHECK(asked[0].decodes);
  CHECK_FALSE(asked[1].fields.has("accept-encoding"));
  CHECK_FALSE(asked[1].decodes);
  CHECK(asked[2].fields.joined("accept-encoding") == "br");
  CHECK_FALSE(asked[2].decodes);
}

TEST_CASE("Fetcher: decoded bodies are stored apart from encoded ones, and ranges of them are not served") {
  Bench bench;
  const Fields encoded{{"Cache-Control", "max-age=60"}, {"Content-Encoding", "gzip"}, {"ETag", "\"a\""}};
  for (int i = 0; i < 3; ++i) bench.transport.replies.push_back(reply(200, encoded, "body"));
  bench.get("http://a/x");
  CHECK(bench.get("http://a/x").cache == CacheUse::hit);
  CHECK(bench.get("http://a/x", {{"Accept-Encoding", "gzip"}}).cache == CacheUse::miss);
  CHECK(bench.get("http://a/x", {{"Range", "bytes=0-1"}}).cache == CacheUse::miss);
  CHECK(bench.transport.asked.size() == 3);
}

TEST_CASE("Fetcher: a host that the user has not named must have a public address") {
  FetchOptions options;
  options.guards_addresses = true;
  options.allowed = {"10.0.0.1:8080"};
  options.trusted = {"intern.test"};
  Bench bench(options);
  const auto run = [&](const std::string& url, bool is_named) {
    bench.transport.asked.clear();
    bench.fetcher.start(1, {"GET", url, {}}, {}, is_named);
    for (int turns = 0; turns < 100; ++turns)
      for (auto& done : bench.fetcher.turn({}, milliseconds(10))) return std::move(done);
    FAIL("nothing came");
    return Fetched{};
  };
  const auto answers = [&](const char* location) {
    bench.transport.replies.clear();
    if (location) bench.transport.replies.push_back(reply(302, {{"Location", location}}));
    bench.transport.replies.push_back(reply(200, {{"Cache-Control", "max-age=60"}}, "body"));
  };
  answers(nullptr);
  CHECK_FALSE(run("http://10.0.0.9/", true).failure);
  CHECK_FALSE(bench.transport.asked.at(0).public_only);
  for (const char* url : {"http://10.0.0.9/", "http://[::1]/", "http://127.1/", "http://10.0.0.1:81/"}) {
    CAPTURE(url);
    const auto refused = run(url, false);
    REQUIRE(refused.failure);
    CHECK(refused.failure->kind == ErrorKind::refused);
    CHECK(bench.transport.asked.empty());
  }
  for (const char* url : {"http://10.0.0.1:8080/", "http://intern.test/"}) {
    answers(nullptr);
    CHECK_FALSE(run(url, false).failure);
    CHECK_FALSE(bench.transport.asked.at(0).public_only);
  }
  answers(nullptr);
  run("http://a.test/", false);
  CHECK(bench.transport.asked.at(0).public_only);  // checked against the address that it resolves to
  answers(nullptr);
  CHECK(run("http://a.test/", true).cache == CacheUse::miss);  // and it is stored apart

  answers("/y");
  CHECK_FALSE(run("http://10.0.0.9/x", true).failure);
  answers("https://10.0.0.9/y");
  CHECK_FALSE(run("http://10.0.0.9/w", true).failure);
  for (const char* location : {"http://10.0.0.9:81/y", "http://10.0.0.8/y"}) {
    answers(location);
    CHECK(run("http://10.0.0.9/v", true).failure);
    CHECK(bench.transport.asked.size() == 1);
  }
  answers("http://b.test/y");
  run("http://10.0.0.9/u", true);
  REQUIRE(bench.transport.asked.size() == 2);
  CHECK(bench.transport.asked[1].public_only);
}

TEST_CASE(
    "Fetcher: requests keep to the rate limit, and waiting for a slot does not count toward the timeout") {
  test::FakeClock clock;
  FakeTransport transport;
  FetchOptions options;
  options.rate = 10;
  options.timeout = milliseconds(250);
  Fetcher::Parts parts{transport, nullptr, nullptr, nullptr, clock};
  Fetcher fetcher(std::move(parts), options);
  for (std::uint64_t n = 0; n < 10; ++n) fetcher.start(n, {"GET", "http://a/" + std::to_string(n), {}});
  CHECK(transport.asked.size() == 1);
  std::size_t done = 0;
  for (std::size_t n = 1; n <= 10; ++n) {
    transport.replies.push_back(reply(200, {}, "body"));
    for (const auto& fetched : fetcher.turn({}, milliseconds(0))) {
      CHECK_FALSE(fetched.failure);
      ++done;
    }
    CHECK(transport.asked.size() == n);
    clock.now += milliseconds(100);
    fetcher.turn({}, milliseconds(0));
  }
  CHECK(done == 10);
}

TEST_CASE("Fetcher: a POST whose connection broke is not sent twice") {
  Bench bench;
  bench.transport.replies.push_back(reply(0, {}, {}, TransferError::cut));
  bench.fetcher.start(1, {"POST", "http://a/x", {}}, "{}");
  const auto done = bench.fetcher.turn({}, milliseconds(10));
  REQUIRE(done.size() == 1);
  CHECK(done[0].failure);
  CHECK(bench.transport.asked.size() == 1);
}

TEST_CASE("Fetcher: concurrent fetches of one URL send one request, and one each if it may not be stored") {
  for (const bool kept : {true, false}) {
    CAPTURE(kept);
    Bench bench;
    const Fields fields{{"Cache-Control", kept ? "max-age=100" : "no-store"}};
    for (int i = 0; i < 5; ++i) bench.transport.replies.push_back(reply(200, fields, "body"));
    for (std::uint64_t token = 1; token <= 5; ++token) bench.fetcher.start(token, {"GET", "http://a/x", {}});
    std::size_t done = 0;
    for (int turns = 0; turns < 100 && done < 5; ++turns)
      for (const auto& fetched : bench.fetcher.turn({}, milliseconds(10))) {
        CHECK(fetched.body.bytes() == "body");
        ++done;
      }
    CHECK(done == 5);
    CHECK(bench.transport.asked.size() == (kept ? 1 : 5));
  }
}

TEST_CASE("Fetcher: a cache failure does not fail the fetch") {
  Bench bench;
  {
    sqlite::Database database(bench.folder.path + "/cache.db", sqlite::Database::Open::existing);
    database.execute("DROP TABLE entries");
  }
  bench.transport.replies.push_back(reply(200, {}, "body"));
  const Fetched fetched = bench.get("http://a/x");
  CHECK(fetched.body.bytes() == "body");
  CHECK(fetched.cache == CacheUse::bypass);
}

}  // namespace
}  // namespace iso::fetch
