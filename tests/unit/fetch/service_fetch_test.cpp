#include <doctest/doctest.h>

#include "fetch/fetch.h"
#include "support/fake_transport.h"
#include "support/fakes.h"
#include "support/folder.h"

using namespace iso;
using namespace iso::breaker;
using namespace iso::discovery;
using namespace iso::fetch;
using namespace iso::http;
using namespace iso::http_cache;
using namespace std::chrono_literals;
using test::reply;

namespace {

using Urls = std::vector<std::string>;

// The service shop has four instances, 10.0.0.1 to 10.0.0.4, to be tried in this order; other services have
// none.
struct Trial {
  test::Folder folder;
  test::FakeClock clock;
  test::FakeTransport transport;
  Cache cache{folder.path + "/cache.db"};
  Breaker breaker{folder.path + "/breaker.db", {}, {}, clock};
  bool registry_away = false;
  Discovery discovery{[this](RegistryKind, const std::string& service) {
                        if (registry_away) throw Error(ErrorKind::unavailable, "the registry is away");
                        Found found;
                        for (unsigned n = 1; service == "shop" && n <= 4; ++n)
                          found.instances.push_back({"10.0.0." + std::to_string(n), 80, n});
                        return found;
                      },
                      [] { return 0.0; }, clock};
  Fetcher fetcher{parts(), options()};

  Fetcher::Parts parts() {
    Fetcher::Parts all{transport, &cache, &breaker, &discovery, clock};
    all.random = [] { return 0.0; };  // no pauses
    return all;
  }
  static FetchOptions options() {
    FetchOptions options;
    options.retries = 1;
    return options;
  }

  Fetched get(const std::string& url, const char* method = "GET") {
    transport.asked.clear();
    fetcher.start(1, {method, url, {}});
    for (int turns = 0; turns < 100; ++turns)
      for (auto& done : fetcher.turn({}, 10ms)) return std::move(done);
    FAIL("nothing came");
    return {};
  }
  Urls asked() const {
    Urls urls;
    for (const auto& request : transport.asked) urls.push_back(request.url);
    return urls;
  }
  void answers(std::initializer_list<TransferError> troubles) {
    for (const auto trouble : troubles)
      transport.replies.push_back(trouble == TransferError::none ? reply(200, {}, "body")
                                                                 : reply(0, {}, {}, trouble));
  }
};

}  // namespace

TEST_CASE("Fetcher: if an instance cannot be reached, the next one is tried without a retry") {
  Trial trial;
  trial.answers({TransferError::connect, TransferError::resolve, TransferError::none});
  const Fetched fetched = trial.get("http+etcd://shop/x?id=1");
  CHECK(fetched.body.bytes() == "body");
  CHECK(fetched.url == "http+etcd://shop/x?id=1");
  CHECK(fetched.instance == "10.0.0.3:80");
  CHECK(fetched.attempts == 3);
  CHECK(trial.asked() ==
        Urls{"http://10.0.0.1:80/x?id=1", "http://10.0.0.2:80/x?id=1", "http://10.0.0.3:80/x?id=1"});
}

TEST_CASE("Fetcher: requests go to the addresses that the registry returns") {
  test::FakeTransport transport;
  Discovery discovery{[](RegistryKind, const std::string&) {
                        return Found{{{"a.test", 80, 0, 1, {"10.0.0.1", "::1"}}, {"b.test", 80, 1}}, 1s, 1s};
                      },
                      [] { return 0.0; }};
  Fetcher fetcher{{transport, nullptr, nullptr, &discovery}, {}};
  transport.replies.push_back(reply(0, {}, {}, TransferError::connect));
  transport.replies.push_back(reply(200, {}, "body"));
  fetcher.start(1, {"GET", "http+srv://_shop._tcp.test/x", {}});
  for (int turns = 0; turns < 10 && fetcher.running() != 0; ++turns) fetcher.turn({}, 10ms);
  REQUIRE(transport.asked.size() == 2);
  CHECK(transport.asked[0].addresses == std::vector<std::string>{"10.0.0.1", "::1"});
  CHECK(transport.asked[1].addresses.empty());
}

TEST_CASE("Fetcher: at most three instances are tried per round, and a retry is another round") {
  Trial trial;
  for (int i = 0; i < 10; ++i) trial.answers({TransferError::connect});
  const Fetched fetched = trial.get("http+etcd://shop/x");
  REQUIRE(fetched.failure);
  CHECK(fetched.failure->kind == ErrorKind::unavailable);
  for (const auto& url : trial.asked()) CHECK(url != "http://10.0.0.4:80/x");
  CHECK(trial.asked().size() == 6);
}

TEST_CASE("Fetcher: a request that an instance may have executed is not sent to another") {
  Trial trial;
  trial.answers({TransferError::cut, TransferError::none});
  CHECK(trial.get("http+etcd://shop/x").instance == "10.0.0.2:80");
  trial.answers({TransferError::cut, TransferError::none});
  CHECK(trial.get("http+etcd://shop/x", "POST").failure);
  CHECK(trial.asked().size() == 1);
  trial.transport.replies.clear();
  trial.answers({TransferError::connect, TransferError::none});
  CHECK(trial.get("http+etcd://shop/x", "POST").instance == "10.0.0.2:80");
}

TEST_CASE("Fetcher: a retry after an error response goes to the next instance") {
  Trial trial;
  trial.transport.replies.push_back(reply(503, {}));
  trial.answers({TransferError::none});
  CHECK(trial.get("http+etcd://shop/x").instance == "10.0.0.2:80");
}

TEST_CASE(
    "Fetcher: instances with an open circuit are skipped; if all are open, the fetch waits for its turn") {
  Trial trial;
  const auto open = [&](const std::string& key) {
    for (int i = 0; i < 5; ++i) trial.breaker.settle(trial.breaker.admit(key), {CallEnd::failure, "refused"});
  };
  open("http://10.0.0.1:80");
  trial.answers({TransferError::none});
  CHECK(trial.get("http+etcd://shop/x").instance == "10.0.0.2:80");
  CHECK(trial.asked().size() == 1);
  open("http://10.0.0.2:80");
  open("http://10.0.0.3:80");
  trial.answers({TransferError::none});
  CHECK(trial.get("http+etcd://shop/y").instance == "10.0.0.4:80");
  open("http://10.0.0.4:80");
  trial.transport.asked.clear();
  trial.fetcher.start(7, {"GET", "http+etcd://shop/z", {}});
  CHECK(trial.fetcher.turn({}, 0ms).empty());
  CHECK(trial.asked().empty());
  trial.clock.now += 13s;  // a circuit is first open for at most 12 s
  trial.answers({TransferError::none});
  std::vector<Fetched> done;
  for (int turns = 0; turns < 100 && done.empty(); ++turns) done = trial.fetcher.turn({}, 10ms);
  REQUIRE(done.size() == 1);
  CHECK_FALSE(done[0].failure);
}

TEST_CASE(
    "Fetcher: a response of a service is stored under the service's URL, and served while its registry is "
    "down") {
  Trial trial;
  trial.transport.replies.push_back(
      reply(200, {{"Cache-Control", "max-age=60, stale-if-error=600"}}, "kept"));
  trial.get("http+etcd://shop/x");
  trial.registry_away = true;
  trial.clock.now += 30s;
  Fetched fetched = trial.get("http+etcd://shop/x");
  CHECK(fetched.cache == CacheUse::hit);
  CHECK(fetched.instance.empty());
  trial.clock.now += 60s;
  fetched = trial.get("http+etcd://shop/x");
  CHECK(fetched.cache == CacheUse::stale);
  CHECK(fetched.body.bytes() == "kept");
  fetched = trial.get("http+etcd://shop/other");
  REQUIRE(fetched.failure);
  CHECK(fetched.failure->kind == ErrorKind::unavailable);
  CHECK(fetched.failure->why == "the registry is away");
}
