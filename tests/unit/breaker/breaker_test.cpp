#include "breaker/breaker.h"

#include <doctest/doctest.h>
#include <fstream>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/sqlite.h"
#include "breaker/store.h"
#include "support/errors.h"
#include "support/fakes.h"
#include "support/folder.h"

using namespace iso;
using namespace iso::breaker;
using namespace std::chrono_literals;

namespace {

// Several breakers on one file, like those of different processes.
struct Trial {
  test::Folder folder;
  test::FakeClock clock;
  std::vector<std::string> told;
  std::vector<Trip> trips;
  BreakerOptions options;
  double random = 0.5;

  std::unique_ptr<Breaker> process() {
    BreakerHooks hooks{[this](std::string_view text) { told.emplace_back(text); },
                       [this](const Trip& trip) { trips.push_back(trip); }};
    return std::make_unique<Breaker>(folder.file(), options, hooks, clock, [this] { return random; });
  }
};

void fail(Breaker& breaker, int times = 1, std::string_view key = "shop") {
  for (; times > 0; --times) breaker.settle(breaker.admit(key), {CallEnd::failure, "refused"});
}

bool has(const std::vector<std::string>& lines, std::string_view text) {
  for (const auto& line : lines)
    if (line.find(text) != line.npos) return true;
  return false;
}

}  // namespace

TEST_CASE("breaker: processes that fail once each open it together, and the next one sees that at once") {
  Trial trial;
  for (int i = 0; i < 5; ++i) fail(*trial.process());
  const auto next = trial.process();
  trial.clock.now += 3s;
  const auto refused = next->admit("shop");
  CHECK_FALSE(refused);
  CHECK(refusal_text(refused) == "the circuit of shop has been open for 3 s (refused); next trial in 7 s");
  CHECK(next->admit("other"));
  CHECK(trial.told == std::vector<std::string>{"the circuit of shop is now open for 10 s: refused"});
}

TEST_CASE("breaker: the process that opens it gets one call of the hook, with the counts") {
  Trial trial;
  const auto breaker = trial.process();
  breaker->settle(breaker->admit("shop"), {CallEnd::success});
  fail(*breaker, 5);
  REQUIRE(trial.trips.size() == 1);
  CHECK(trial.trips[0].key == "shop");
  CHECK(trial.trips[0].reason == "refused");
  CHECK(trial.trips[0].open_for == 10s);
  CHECK(trial.trips[0].calls.failed >= 3);
  trial.clock.now += 10s;
  fail(*breaker);  // it stays open: no call
  CHECK(trial.trips.size() == 1);
}

namespace {

// Counts how many times the time is read while another process could store a later one.
struct LockWatch final : Clock {
  explicit LockWatch(std::string file_) : file(std::move(file_)) {}
  Steady steady() const override { return {}; }
  Wall wall() const override {
    try {
      sqlite::Database database(file, sqlite::Database::Open::existing, 0ms);
      sqlite::Transaction transaction(database);
      ++early;
    } catch (const Error&) {
      ++in_turn;
    }
    return {};
  }
  std::string file;
  mutable int early = 0, in_turn = 0;
};

}  // namespace

TEST_CASE("breaker: the time of a change is read with the lock held, not while waiting for it") {
  test::Folder folder;
  LockWatch watch(folder.file());
  BreakerStore store(folder.file(), 1s, watch);
  store.edit("shop", [](Circuit&, Clock::Wall) { return true; });
  CHECK(watch.early == 0);
  CHECK(watch.in_turn == 1);
}

TEST_CASE("breaker: each change of phase is reported in one line") {
  Trial trial;
  const auto breaker = trial.process();
  fail(*breaker, 5);
  trial.clock.now += 10s;
  fail(*breaker);
  trial.clock.now += 20s;
  breaker->settle(breaker->admit("shop"), {CallEnd::success});
  CHECK(trial.told == std::vector<std::string>{"the circuit of shop is now open for 10 s: refused",
                                               "the circuit of shop is half open: trying one call",
                                               "the circuit of shop stays open for 20 s: refused",
                                               "the circuit of shop is half open: trying one call",
                                               "the circuit of shop is closed again"});
}

TEST_CASE("breaker: one process or breaker makes the probe, and its success closes the circuit") {
  Trial trial;
  const auto one = trial.process(), other = trial.process();
  fail(*one, 5);
  trial.clock.now += 10s;
  CHECK(other->look("shop").decision == Decision::probe);  // look() does not take the probe
  const auto probe = one->admit("shop");
  CHECK(probe.decision == Decision::probe);
  CHECK_FALSE(one->admit("shop"));
  CHECK_FALSE(other->admit("shop"));
  CHECK_FALSE(other->look("shop"));
  one->settle(probe, {CallEnd::success});
  CHECK(one->admit("shop"));
  CHECK(other->admit("shop"));
  CHECK(other->look("shop").decision == Decision::allow);
}

TEST_CASE("breaker: if the prober ends without a result, the next caller probes") {
  Trial trial;
  auto one = trial.process();
  const auto other = trial.process();
  fail(*one, 5);
  trial.clock.now += 10s;
  CHECK(one->admit("shop").decision == Decision::probe);
  CHECK_FALSE(other->admit("shop"));
  one.reset();
  const auto probe = other->admit("shop");
  CHECK(probe.decision == Decision::probe);
  other->settle(probe, {CallEnd::neutral});
  CHECK(other->admit("shop").decision == Decision::probe);
  CHECK_FALSE(has(trial.told, "stays open"));
}

TEST_CASE("breaker: a probe that exceeds its lease is replaced by another, and its result is ignored") {
  Trial trial;
  trial.options.lease = 5s;
  const auto one = trial.process(), other = trial.process();
  fail(*one, 5);
  trial.clock.now += 10s;
  const auto stuck = one->admit("shop");
  trial.clock.now += 5s;
  const auto probe = other->admit("shop");
  CHECK(probe.decision == Decision::probe);
  one->settle(stuck, {CallEnd::success});
  CHECK_FALSE(one->admit("shop"));
  other->settle(probe, {CallEnd::success});
  CHECK(one->admit("shop"));
}

TEST_CASE("breaker: the result of a call from an older generation is ignored") {
  Trial trial;
  const auto breaker = trial.process();
  std::vector<Admission> early;
  for (int i = 0; i < 12; ++i) early.push_back(breaker->admit("shop"));
  for (int i = 0; i < 5; ++i)
    breaker->settle(early[static_cast<std::size_t>(i)], {CallEnd::failure, "refused"});
  breaker->settle(early[5], {CallEnd::success});
  CHECK_FALSE(breaker->admit("shop"));
  trial.clock.now += 10s;
  breaker->settle(breaker->admit("shop"), {CallEnd::success});
  for (std::size_t i = 6; i < 11; ++i) breaker->settle(early[i], {CallEnd::failure, "refused"});
  breaker->settle(early[11], {CallEnd::success});
  CHECK(breaker->circuits().at(0).circuit.recent.text().empty());
  CHECK(breaker->admit("shop").decision == Decision::allow);
  CHECK(trial.trips.size() == 1);
}

TEST_CASE("breaker: successes are stored for others, however quickly they come") {
  Trial trial;
  {
    const auto breaker = trial.process();
    for (int i = 0; i < 100; ++i) breaker->settle(breaker->admit("shop"), {CallEnd::success});
  }
  const auto next = trial.process();
  const auto circuits = next->circuits();
  REQUIRE(circuits.size() == 1);
  CHECK(circuits[0].circuit.recent.within(trial.clock.wall(), 60s) == RecentCalls::Counts{100, 0});
  fail(*next, 4);
  next->settle(next->admit("shop"), {CallEnd::success});
  fail(*next, 4);
  CHECK(next->admit("shop"));  // 8 of 109, four in a row
}

TEST_CASE("breaker: can be opened by hand until it is reset or for a time, and listed") {
  Trial trial;
  const auto breaker = trial.process();
  breaker->trip("shop", "maintenance", std::nullopt);
  trial.clock.now += std::chrono::hours(1000);
  CHECK(refusal_text(breaker->admit("shop")) ==
        "the circuit of shop has been open for 3600000 s (maintenance); it stays open until it is reset");
  breaker->reset("shop");
  CHECK(breaker->admit("shop").decision == Decision::allow);
  breaker->trip("shop", "maintenance", 5s);
  CHECK_FALSE(breaker->admit("shop"));
  REQUIRE(breaker->circuits().size() == 1);
  CHECK(breaker->circuits()[0].key == "shop");
  CHECK(breaker->circuits()[0].circuit.phase == Phase::open);
  trial.clock.now += 5s;
  CHECK(breaker->admit("shop").decision == Decision::probe);
  CHECK(trial.trips.empty());
}

TEST_CASE("breaker: circuits that were closed and idle for a day are deleted when a new one is added") {
  Trial trial;
  const auto breaker = trial.process();
  fail(*breaker, 1, "old");
  fail(*breaker, 5, "open");
  trial.clock.now += 25h;
  fail(*breaker, 1, "new");
  const auto circuits = breaker->circuits();
  REQUIRE(circuits.size() == 2);
  CHECK(circuits[0].key == "new");
  CHECK(circuits[1].key == "open");
}

TEST_CASE("breaker: file and folder are readable by the owner only, and not created before the first call") {
  Trial trial;
  umask(022);
  const auto breaker = trial.process();
  CHECK(access(trial.folder.file().c_str(), F_OK) != 0);
  fail(*breaker);
  for (const char* end : {"", "-wal", "-shm", "-probes"}) {
    CAPTURE(end);
    struct stat status {};
    REQUIRE(stat((trial.folder.file() + end).c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
  }
  struct stat status {};
  REQUIRE(stat((trial.folder.path + "/state").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0700);
}

namespace {

// Six failures would open any circuit that is stored.
void goes_on(Trial& trial, std::string_view complaint) {
  const auto breaker = trial.process();
  fail(*breaker, 6);
  CHECK(breaker->admit("shop").decision == Decision::allow);
  REQUIRE(trial.told.size() == 1);
  CAPTURE(trial.told[0]);
  CHECK(has(trial.told, "going on without the circuit breaker: "));
  CHECK(has(trial.told, complaint));
}

void write(const std::string& path, std::string_view text) {
  std::ofstream(path) << text;
}

}  // namespace

TEST_CASE("breaker: without a usable file every call is allowed, which is reported once") {
  Trial trial;
  SUBCASE("a folder that cannot be created") {
    write(trial.folder.path + "/state", "a file");
    goes_on(trial, "Not a directory");
  }
  SUBCASE("a folder instead of the file") {
    mkdir((trial.folder.path + "/state").c_str(), 0700);
    mkdir(trial.folder.file().c_str(), 0700);
    goes_on(trial, "it is a folder");
  }
  SUBCASE("garbage") {
    mkdir((trial.folder.path + "/state").c_str(), 0700);
    write(trial.folder.file(), std::string(10'000, 'x'));
    goes_on(trial, "file is not a database");
  }
  SUBCASE("a foreign database, which is not changed") {
    mkdir((trial.folder.path + "/state").c_str(), 0700);
    {
      sqlite::Database others(trial.folder.file(), sqlite::Database::Open::create);
      others.execute("CREATE TABLE t(x); INSERT INTO t VALUES(1)");
    }
    goes_on(trial, "is not a file of circuits");
    sqlite::Database others(trial.folder.file(), sqlite::Database::Open::existing);
    CHECK(others.integer("SELECT count(*) FROM sqlite_schema") == 1);
  }
}

TEST_CASE("breaker: if the store fails during a probe, no call fails") {
  Trial trial;
  const auto breaker = trial.process();
  fail(*breaker, 5);
  trial.clock.now += 10s;
  const auto probe = breaker->admit("shop");
  sqlite::Database(trial.folder.file(), sqlite::Database::Open::existing).execute("DROP TABLE circuits");
  breaker->settle(probe, {CallEnd::success});
  CHECK(breaker->admit("shop").decision == Decision::allow);
  CHECK(has(trial.told, "no such table"));
}

TEST_CASE("breaker: a file that is locked costs a quarter of a second once, and is used again later") {
  Trial trial;
  const auto breaker = trial.process();
  fail(*breaker, 4);
  {
    sqlite::Database holder(trial.folder.file(), sqlite::Database::Open::existing);
    sqlite::Transaction held(holder);
    const auto before = std::chrono::steady_clock::now();
    fail(*breaker, 20);
    CHECK(std::chrono::steady_clock::now() - before < 2s);
  }
  CHECK(has(trial.told, "locked by another process for 0.25 s"));
  CHECK(breaker->admit("shop").decision == Decision::allow);
  trial.clock.now += 5s;
  fail(*breaker);
  CHECK_FALSE(breaker->admit("shop"));
}
