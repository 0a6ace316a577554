#include "http/address.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <string>

namespace iso::http {
namespace {

bool is_public_text(const std::string& text) {
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  if (inet_pton(AF_INET, text.c_str(), &v4.sin_addr) == 1)
    return is_public(reinterpret_cast<const sockaddr&>(v4));
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  REQUIRE(inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr) == 1);
  return is_public(reinterpret_cast<const sockaddr&>(v6));
}

TEST_CASE("is_public: false for loopback, link-local, private and unassignable addresses") {
  for (const char* text : {"0.0.0.0",
                           "0.1.2.3",
                           "10.0.0.1",
                           "10.255.255.255",
                           "100.64.0.1",
                           "100.127.255.255",
                           "127.0.0.1",
                           "127.255.0.1",
                           "169.254.169.254",
                           "172.16.0.1",
                           "172.31.255.255",
                           "192.0.0.1",
                           "192.168.0.1",
                           "198.18.0.1",
                           "198.19.255.255",
                           "224.0.0.1",
                           "240.0.0.1",
                           "255.255.255.255",
                           "::",
                           "::1",
                           "fe80::1",
                           "febf::1",
                           "fc00::1",
                           "fdff::1",
                           "fec0::1",
                           "ff02::1",
                           "::ffff:127.0.0.1",
                           "::ffff:10.0.0.1",
                           "64:ff9b::127.0.0.1",
                           "2002:7f00:1::",
                           "::127.0.0.1",
                           "2001:db8::1"}) {
    CAPTURE(text);
    CHECK_FALSE(is_public_text(text));
    CHECK_FALSE(may_be_public(text));
  }
  for (const char* text : {"1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0",
                           "126.255.255.255", "128.0.0.1", "169.253.1.1", "172.15.0.1", "172.32.0.1",
                           "192.167.1.1", "192.169.1.1", "198.17.0.1", "198.20.0.1", "223.255.255.255",
                           "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::1.1.1.1", "2002:101:101::"}) {
    CAPTURE(text);
    CHECK(is_public_text(text));
    CHECK(may_be_public(text));
  }
}

TEST_CASE("may_be_public: reads addresses in any form that a resolver accepts, and is true for every name") {
  for (const char* text : {"127.1", "0x7f000001", "2130706433", "0177.0.0.1", "fe80::1%eth0", "10.1"})
    CHECK_FALSE(may_be_public(text));
  for (const char* text : {"example.com", "localhost", "10.example", "a"}) CHECK(may_be_public(text));
}

}  // namespace
}  // namespace iso::http
