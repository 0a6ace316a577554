#include "discovery/discovery.h"

#include <doctest/doctest.h>

#include "http/uri.h"
#include "support/errors.h"
#include "support/fakes.h"

using namespace iso;
using namespace iso::discovery;
using namespace iso::http;
using namespace std::chrono_literals;

TEST_CASE("service URL: is split into scheme, name and the rest") {
  const auto url = read_service_url("https+etcd://shop/orders?id=1#top");
  REQUIRE(url.has_value());
  CHECK(url->registry == RegistryKind::etcd);
  CHECK(url->service == "shop");
  CHECK(url_at(*url, {"::1", 8443}) == "https://[::1]:8443/orders?id=1");
  CHECK(url_at(*read_service_url("HTTP+SRV://_shop._tcp.example"), {"a", 80}) == "http://a:80/");
  CHECK(url_at(*read_service_url("http+redis://u:p%40@shop/x"), {"a", 80}) == "http://u:p%40@a:80/x");
  for (const char* other : {"http://shop/", "srv://shop", "http+file://shop", "shop", ""})
    CHECK_FALSE(read_service_url(other).has_value());
}

TEST_CASE("service URL: rejects a name that is special in some registry, and a port") {
  for (const char* url : {"http+etcd:///x", "http+etcd://shop:80/", "http+redis://*/", "http+srv://a%2fb/",
                          "http+etcd://", "http+redis://[::1]/"}) {
    CAPTURE(url);
    CHECK_FALSE(read_service_url(url).has_value());
    CHECK_FALSE(http_url(url).has_value());
  }
}

TEST_CASE("service URL: a response may lead to no other service than its own") {
  const char* page = "http+etcd://shop/orders?page=1";
  CHECK(followed_url(page, "?page=2") == "http+etcd://shop/orders?page=2");
  CHECK(followed_url(page, "/x") == "http+etcd://shop/x");
  CHECK(followed_url(page, "http://other/x") == "http://other/x");
  CHECK_FALSE(followed_url(page, "http+etcd://other/x").has_value());
  CHECK_FALSE(followed_url(page, "http+redis://shop/x").has_value());
  CHECK_FALSE(followed_url("http://shop/", "http+etcd://shop/x").has_value());
}

namespace {

struct Trial {
  test::FakeClock clock;
  Found found{{{"a", 1}}, 5s, 10s};
  std::optional<Error> away;
  std::vector<std::string> asked;
  Discovery discovery{[this](RegistryKind, const std::string& service) {
                        asked.push_back(service);
                        if (away) throw Error(*away);
                        return found;
                      },
                      [] { return 0.5; }, clock};

  std::string find(const char* url = "http+etcd://shop/") {
    std::string text;
    for (const auto& one : discovery.find(*read_service_url(url))) text += one.host;
    return text;
  }
};

}  // namespace

TEST_CASE("discovery: a fresh result is reused, separately for each service") {
  Trial trial;
  CHECK(trial.find() == "a");
  trial.clock.now += 4999ms;
  trial.found.instances = {{"b", 1}};
  CHECK(trial.find() == "a");
  CHECK(trial.asked.size() == 1);
  CHECK(trial.find("http+etcd://other/") == "b");
  CHECK(trial.find("http+redis://shop/") == "b");
  trial.clock.now += 1ms;
  CHECK(trial.find() == "b");
  CHECK(trial.asked == std::vector<std::string>{"shop", "other", "shop", "shop"});
}

TEST_CASE("discovery: while the registry fails, the last result is used as long as it may be") {
  Trial trial;
  trial.find();
  trial.away = Error(ErrorKind::unavailable, "etcd is away");
  trial.clock.now += 9998ms;
  CHECK(trial.find() == "a");
  trial.clock.now += 1ms;
  CHECK(trial.find() == "a");
  CHECK(trial.asked.size() == 2);  // not again so soon
  trial.clock.now += 1s;
  const Error error = test::error_of([&] { trial.find(); });
  CHECK(error.kind() == ErrorKind::unavailable);
  CHECK(test::says(error, "etcd is away"));
  trial.away.reset();
  trial.clock.now += 1s;
  CHECK(trial.find() == "a");
}

TEST_CASE("discovery: a registry that fails is asked once per second, and a refusal is final") {
  Trial trial;
  trial.away = Error(ErrorKind::unavailable, "etcd is away");
  for (int i = 0; i < 10; ++i) CHECK(test::says(test::error_of([&] { trial.find(); }), "etcd is away"));
  CHECK(trial.asked.size() == 1);
  trial.clock.now += 1s;
  CHECK_THROWS(trial.find());
  CHECK(trial.asked.size() == 2);
  trial.away.reset();
  trial.clock.now += 1s;
  trial.find();
  trial.away = Error(ErrorKind::refused, "not you");
  trial.clock.now += 6s;
  CHECK(test::error_of([&] { trial.find(); }).kind() == ErrorKind::refused);
}

TEST_CASE("discovery: the error for a service without instances names it and its registry") {
  Trial trial;
  trial.found.instances.clear();
  const Error error = test::error_of([&] { trial.find(); });
  CHECK(error.kind() == ErrorKind::unavailable);
  CHECK(std::string(error.what()) == "the service shop has no instance: etcd has no entry for it");
}
