#include "discovery/instance.h"

#include <algorithm>
#include <doctest/doctest.h>
#include <map>
#include <random>

using namespace iso;
using namespace iso::discovery;

TEST_CASE("instance: an entry is HOST:PORT or an object, and anything else is invalid") {
  const struct {
    const char* entry;
    Instance want;
  } good[] = {
      {"127.0.0.1:8080", {"127.0.0.1", 8080}},
      {"shop-1.example:80", {"shop-1.example", 80}},
      {"[::1]:80", {"::1", 80}},
      {R"({"host":"a","port":80})", {"a", 80}},
      {R"({"weight":5,"host":"::1","port":80,"priority":2,"zone":{"name":"eu"}})", {"::1", 80, 2, 5}},
      {R"({"host":"a","port":80,"weight":0})", {"a", 80, 0, 0}},
  };
  for (const auto& row : good) {
    CAPTURE(row.entry);
    const auto instance = read_instance(row.entry);
    REQUIRE(instance.has_value());
    CHECK(*instance == row.want);
  }
  for (const char* entry : {"",
                            "a",
                            "a:",
                            ":80",
                            "a:0",
                            "a:65536",
                            "a:-1",
                            "a:80x",
                            "::1:80",
                            "a b:80",
                            "a/b:80",
                            "u@a:80",
                            "[::1]80",
                            "{}",
                            R"({"host":"a"})",
                            R"({"port":80})",
                            R"({"host":1,"port":80})",
                            R"({"host":"a","port":"80"})",
                            R"({"host":"a","port":80,"weight":-1})",
                            R"({"host":"a","port":80,"weight":1e3})",
                            R"({"host":"a")",
                            R"(["a",80])",
                            R"({"host":"a\u000d\u000ax","port":80})"}) {
    CAPTURE(entry);
    CHECK_FALSE(read_instance(entry).has_value());
  }
}

TEST_CASE("instance: reading its address gives the same instance") {
  for (const char* text : {"a:80", "[::1]:80", "127.0.0.1:1"})
    CHECK(address_of(*read_instance(text)) == text);
}

namespace {

// How many times each host is first in `draws` draws.
std::map<std::string, int> first_ones(const std::vector<Instance>& instances, int draws) {
  std::minstd_rand engine(1);
  const auto random = [&] { return std::uniform_real_distribution<>(0, 1)(engine); };
  std::map<std::string, int> firsts;
  for (int i = 0; i < draws; ++i) ++firsts[in_order(instances, random).front().host];
  return firsts;
}

std::string hosts(const std::vector<Instance>& instances) {
  std::string text;
  for (const auto& one : instances) text += one.host;
  return text;
}

}  // namespace

TEST_CASE("in_order: lower priorities come first, whatever their weights") {
  for (const double drawn : {0.0, 0.5, 0.999, 1.0}) {
    const auto order = in_order({{"c", 1, 20, 1000}, {"a", 1, 0, 0}, {"d", 1, 30, 1}, {"b", 1, 10, 1}},
                                [drawn] { return drawn; });
    CHECK(hosts(order) == "abcd");
  }
}

TEST_CASE("in_order: each is first in proportion to its weight") {
  auto firsts = first_ones({{"a", 1, 0, 10}, {"b", 1, 0, 30}, {"later", 1, 1, 1000}}, 4000);
  CHECK(firsts["a"] > 900);
  CHECK(firsts["a"] < 1100);
  CHECK(firsts["a"] + firsts["b"] == 4000);
  firsts = first_ones({{"a", 1, 0, 0}, {"b", 1, 0, 99}}, 4000);  // RFC 2782: rarely, but not never
  CHECK(firsts["a"] > 0);
  CHECK(firsts["a"] < 120);
  firsts = first_ones({{"a", 1, 0, 0}, {"b", 1, 0, 0}}, 1000);  // no weights: equal shares
  CHECK(firsts["a"] > 400);
  CHECK(firsts["b"] > 400);
}

TEST_CASE("in_order: contains each instance once, also for the extreme random numbers") {
  for (const double drawn : {0.0, 1.0}) {
    auto order =
        in_order({{"a", 1, 0, 1}, {"b", 1, 0, 2}, {"c", 1, 0, 0}, {"d", 1, 1, 0}}, [drawn] { return drawn; });
    CHECK(order.size() == 4);
    CHECK(order.back().host == "d");
    std::string text = hosts(order);
    std::sort(text.begin(), text.end());
    CHECK(text == "abcd");
  }
  CHECK(in_order({}, [] { return 0.5; }).empty());
}
