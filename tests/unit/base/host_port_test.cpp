#include "base/host_port.h"

#include <doctest/doctest.h>

using namespace iso;

TEST_CASE("split_host_port: a host with or without a port") {
  const struct {
    std::string_view text, host;
    bool bracketed;
    std::uint16_t port;
  } rows[] = {{"a", "a", false, 0},          {"a:80", "a", false, 80},  {"a:65535", "a", false, 65'535},
              {"a:", "a", false, 0},         {"", "", false, 0},        {":80", "", false, 80},
              {"[::1]:80", "::1", true, 80}, {"[::1]", "::1", true, 0}, {"[::1]:", "::1", true, 0},
              {"[]:1", "", true, 1}};
  for (const auto& row : rows) {
    CAPTURE(row.text);
    const auto parts = split_host_port(row.text);
    REQUIRE(parts);
    CHECK(parts->host == row.host);
    CHECK(parts->bracketed == row.bracketed);
    CHECK(parts->port == row.port);
  }
}

TEST_CASE("split_host_port: what is no port, and an IPv6 address without its brackets, are nothing") {
  for (const char* text : {"a:0", "a:65536", "a:-1", "a:+1", "a:80x", "a: 80", "::1", "::1:80", "[::1",
                           "[::1]80", "[::1]x:80"}) {
    CAPTURE(text);
    CHECK_FALSE(split_host_port(text));
  }
}

TEST_CASE("host_port_text: what reads as the same") {
  CHECK(host_port_text("a", 80) == "a:80");
  CHECK(host_port_text("::1", 80) == "[::1]:80");
  CHECK(host_port_text("::1", 0) == "[::1]");
  CHECK(host_port_text("a", 0) == "a");
}
