#include "discovery/registration.h"

#include <atomic>
#include <doctest/doctest.h>

#include "support/errors.h"

using namespace iso;
using namespace iso::discovery;
using namespace std::chrono_literals;

namespace {

struct Registry {
  std::atomic<int> renewals = 0, ends = 0;
  std::atomic<bool> away = false;
};

class FakeLease final : public Lease {
 public:
  explicit FakeLease(Registry& registry) : registry_(registry) {}
  void renew() override {
    ++registry_.renewals;
    if (registry_.away) throw Error(ErrorKind::unavailable, "nobody there");
  }
  void end() override {
    ++registry_.ends;
    if (registry_.away) throw Error(ErrorKind::unavailable, "nobody there");
  }

 private:
  Registry& registry_;
};

template <class What>
void wait_until(What what) {
  for (int i = 0; i < 2000 && !what(); ++i) std::this_thread::sleep_for(5ms);
  REQUIRE(what());
}

}  // namespace

TEST_CASE("registration: is written by the constructor, renewed, and removed by the destructor") {
  Registry registry;
  {
    Registration registration(std::make_unique<FakeLease>(registry), "shop", 1ms);
    CHECK(registry.renewals >= 1);
    wait_until([&] { return registry.renewals >= 5; });
    CHECK(registration.news().empty());
    CHECK(registry.ends == 0);
  }
  CHECK(registry.ends == 1);
}

TEST_CASE("registration: a registry that fails at the start is an error, and nothing is removed") {
  Registry registry;
  registry.away = true;
  const Error error =
      test::error_of([&] { Registration(std::make_unique<FakeLease>(registry), "shop", 1ms); });
  CHECK(error.kind() == ErrorKind::unavailable);
  CHECK(registry.ends == 0);
}

TEST_CASE("registration: a later failure is reported once, retried, and its end is reported") {
  Registry registry;
  {
    Registration registration(std::make_unique<FakeLease>(registry), "shop", 1ms);
    registry.away = true;
    std::vector<std::string> news;
    const auto hear = [&](std::size_t count) {
      wait_until([&] {
        for (auto& text : registration.news()) news.push_back(std::move(text));
        return news.size() >= count;
      });
    };
    hear(1);
    const int before = registry.renewals;
    wait_until([&] { return registry.renewals >= before + 5; });
    registry.away = false;
    hear(2);
    CHECK(news == std::vector<std::string>{"shop may no longer be registered: nobody there; trying again",
                                           "shop is registered again"});
    registry.away = true;
  }
  CHECK(registry.ends == 1);  // its failure is ignored
}

TEST_CASE("registration: the destructor does not wait for the next renewal") {
  Registry registry;
  const auto before = std::chrono::steady_clock::now();
  { Registration registration(std::make_unique<FakeLease>(registry), "shop", 60s); }
  CHECK(std::chrono::steady_clock::now() - before < 10s);
}
