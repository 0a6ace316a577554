#include "discovery/redis.h"

#include <doctest/doctest.h>
#include <fmt/core.h>

#include "discovery/registry.h"
#include "support/errors.h"
#include "support/scripted_server.h"

using namespace iso;
using namespace iso::discovery;
using namespace std::chrono_literals;

namespace {

std::string url_of(const test::ScriptedServer& server, std::string_view login = "") {
  return fmt::format("redis://{}127.0.0.1:{}", login, server.port());
}

}  // namespace

TEST_CASE("Redis: reads strings, numbers and arrays, however they are split") {
  for (const auto pause : {0ms, 1ms}) {
    const test::ScriptedServer server(
        SOCK_STREAM,
        [](const std::string& asked) {
          if (asked.find("PING") != asked.npos) return "+PONG\r\n";
          if (asked.find("COUNT") != asked.npos) return ":12\r\n";
          if (asked.find("NONE") != asked.npos) return "$-1\r\n";
          return "*3\r\n$4\r\na\r\nb\r\n:7\r\n$0\r\n\r\n";
        },
        pause);
    Redis redis(url_of(server), 5s);
    CHECK(redis.command({"PING"}) == std::vector<std::string>{"PONG"});
    CHECK(redis.command({"COUNT"}) == std::vector<std::string>{"12"});
    CHECK(redis.command({"NONE"}) == std::vector<std::string>{""});
    CHECK(redis.command({"LIST"}) == std::vector<std::string>{"a\r\nb", "7", ""});
  }
}

TEST_CASE("Redis: sends a command as an array, and distinguishes denied access from other errors") {
  CHECK(redis_command({"ZADD", "a b", ""}) == "*3\r\n$4\r\nZADD\r\n$3\r\na b\r\n$0\r\n\r\n");
  const struct {
    const char* answer;
    ErrorKind want;
  } rows[] = {{"-NOAUTH Authentication required.\r\n", ErrorKind::refused},
              {"-WRONGPASS no\r\n", ErrorKind::refused},
              {"-LOADING the dataset\r\n", ErrorKind::unavailable}};
  for (const auto& row : rows) {
    const test::ScriptedServer server(SOCK_STREAM, [&](const std::string&) { return row.answer; });
    const Error error = test::error_of([&] { Redis(url_of(server, ":secret@"), 5s); });
    CHECK(error.kind() == row.want);
    CHECK(test::says(error, "refused AUTH"));
    CHECK_FALSE(test::says(error, "secret"));
  }
}

TEST_CASE("Redis: rejects an invalid or endless reply, in bounded time and memory") {
  const struct {
    std::string answer;
    std::chrono::milliseconds pause;
  } rows[] = {
      {"HTTP/1.1 400 Bad Request\r\n\r\n", 0ms},
      {"\r\n", 0ms},
      {"*x\r\n", 0ms},
      {"*1\r\n*1\r\n$1\r\na\r\n", 0ms},
      {"$3\r\nabcd\r\n", 0ms},
      {"$500000000\r\n", 0ms},
      {"*1000000000\r\n", 0ms},
      {"+" + std::string(RedisReader::kMostBytes + 10'000, 'a'), 0ms},
      {"*2\r\n$700000\r\n" + std::string(700'000, 'a') + "\r\n$700000\r\n" + std::string(700'000, 'a'), 0ms},
      {"+" + std::string(1000, 'a'), 20ms},
  };
  for (const auto& row : rows) {
    CAPTURE(row.answer.substr(0, 20));
    const test::ScriptedServer server(
        SOCK_STREAM, [&](const std::string&) { return row.answer; }, row.pause);
    RegistryOptions options;
    options.redis = url_of(server);
    options.timeout = 300ms;
    const auto before = std::chrono::steady_clock::now();
    CHECK(test::error_of([&] { find_in_redis("shop", options); }).kind() == ErrorKind::unavailable);
    CHECK(std::chrono::steady_clock::now() - before < 2s);
  }
}
