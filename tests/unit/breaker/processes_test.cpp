#include <algorithm>
#include <chrono>
#include <csignal>
#include <doctest/doctest.h>
#include <functional>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "breaker/breaker.h"
#include "support/folder.h"

// Breakers in real processes on one file.

using namespace iso;
using namespace iso::breaker;
using namespace std::chrono_literals;

namespace {

// Processes that start together and each end with a number.
class Crowd {
 public:
  Crowd() { REQUIRE(pipe(start_) == 0); }

  void add(const std::function<int()>& work) {
    const pid_t pid = fork();
    REQUIRE(pid >= 0);
    if (pid == 0) {
      char nothing;
      close(start_[1]);
      if (read(start_[0], &nothing, 1) != 0) _exit(99);
      _exit(work());
    }
    pids_.push_back(pid);
  }

  void begin() { close(start_[1]); }

  std::vector<int> ends() {
    std::vector<int> ends;
    for (const pid_t pid : pids_) {
      int status = 0;
      waitpid(pid, &status, 0);
      ends.push_back(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    }
    close(start_[0]);
    return ends;
  }

  pid_t first() const { return pids_.front(); }

 private:
  int start_[2];
  std::vector<pid_t> pids_;
};

BreakerOptions quick() {
  BreakerOptions options;
  options.first_open = 100ms;
  options.lease = 60s;
  options.busy = 20s;  // many processes on a loaded machine wait longer than a command should
  return options;
}

BreakerHooks silent(bool& troubled) {
  return {[&troubled](std::string_view text) { troubled |= text.starts_with("going on without"); },
          [](const Trip&) {}};
}

void open(const std::string& file) {
  bool troubled = false;
  Breaker breaker(file, quick(), silent(troubled));
  for (int i = 0; i < 5; ++i) breaker.settle(breaker.admit("shop"), {CallEnd::failure, "refused"});
  REQUIRE_FALSE(troubled);
}

constexpr int kProbe = 1, kRefused = 2, kCall = 3, kTrouble = 4;

int number_of(const Admission& admission, bool troubled) {
  if (troubled) return kTrouble;
  return admission.decision == Decision::probe ? kProbe : admission ? kCall : kRefused;
}

int asks(const std::string& file) {
  bool troubled = false;
  Breaker breaker(file, quick(), silent(troubled));
  return number_of(breaker.admit("shop"), troubled);
}

// The decisions for `count` processes that ask together. A probe lasts until all others have asked,
// then succeeds.
std::vector<int> ask_together(const std::string& file, int count) {
  int asked[2];
  REQUIRE(pipe(asked) == 0);
  Crowd crowd;
  for (int i = 0; i < count; ++i)
    crowd.add([&] {
      bool troubled = false;
      Breaker breaker(file, quick(), silent(troubled));
      const auto admission = breaker.admit("shop");
      const int number = number_of(admission, troubled);
      char one = 'x';
      if (number != kProbe) return write(asked[1], &one, 1) == 1 ? number : 97;
      for (int others = 1; others < count; ++others)
        if (read(asked[0], &one, 1) != 1) return 98;
      breaker.settle(admission, {CallEnd::success});
      return troubled ? kTrouble : number;
    });
  crowd.begin();
  auto ends = crowd.ends();
  std::sort(ends.begin(), ends.end());
  close(asked[0]);
  close(asked[1]);
  return ends;
}

std::vector<int> one_probe_among(int count) {
  std::vector<int> ends(static_cast<std::size_t>(count), kRefused);
  ends.front() = kProbe;
  return ends;
}

void wait_for_time_up(const std::string& file) {
  bool troubled = false;
  Breaker breaker(file, quick(), silent(troubled));
  for (int i = 0; i < 2000 && !breaker.look("shop"); ++i) std::this_thread::sleep_for(5ms);
  REQUIRE(breaker.look("shop").decision == Decision::probe);
}

}  // namespace

TEST_CASE("breaker: of forty processes that arrive when the time is up exactly one probes") {
  for (int round = 0; round < 3; ++round) {
    test::Folder folder;
    open(folder.file());
    wait_for_time_up(folder.file());
    CHECK(ask_together(folder.file(), 40) == one_probe_among(40));
    CHECK(asks(folder.file()) == kCall);
  }
}

TEST_CASE("breaker: when a prober is killed, exactly one other process takes over, at once") {
  test::Folder folder;
  open(folder.file());
  wait_for_time_up(folder.file());
  int trying[2];
  REQUIRE(pipe(trying) == 0);
  Crowd prober;
  prober.add([&] {
    bool troubled = false;
    Breaker breaker(folder.file(), quick(), silent(troubled));
    char number = static_cast<char>(number_of(breaker.admit("shop"), troubled));
    if (write(trying[1], &number, 1) != 1) return 97;
    pause();
    return 96;
  });
  prober.begin();
  char number = 0;
  REQUIRE(read(trying[0], &number, 1) == 1);
  CHECK(number == kProbe);
  CHECK(ask_together(folder.file(), 1) == std::vector<int>{kRefused});
  kill(prober.first(), SIGKILL);
  CHECK(prober.ends() == std::vector<int>{128 + SIGKILL});
  CHECK(ask_together(folder.file(), 20) == one_probe_among(20));
  CHECK(asks(folder.file()) == kCall);
  close(trying[0]);
  close(trying[1]);
}

TEST_CASE("breaker: sixty processes that create the file together lose no result") {
  for (int round = 0; round < 3; ++round) {
    test::Folder folder;
    Crowd crowd;
    for (int i = 0; i < 60; ++i)
      crowd.add([&, i] {
        bool troubled = false;
        Breaker breaker(folder.file(), quick(), silent(troubled));
        breaker.settle(breaker.admit(i % 2 ? "shop" : "other"), {CallEnd::success});
        return troubled ? kTrouble : 0;
      });
    crowd.begin();
    CHECK(crowd.ends() == std::vector<int>(60, 0));
    bool troubled = false;
    Breaker breaker(folder.file(), quick(), silent(troubled));
    std::uint64_t kept = 0;
    for (const auto& [key, circuit] : breaker.circuits())
      kept += circuit.recent.within(system_clock().wall(), 60s).succeeded;
    CHECK(kept == 60);
    sqlite::Database file(folder.file(), sqlite::Database::Open::existing);
    auto check = file.query("PRAGMA integrity_check");
    REQUIRE(check.step());
    CHECK(check.text(0) == "ok");
  }
}

TEST_CASE("breaker: a process that cannot write makes its calls, and reports once why there is no breaker") {
  test::Folder folder;
  for (const bool is_new : {true, false}) {
    if (!is_new) open(folder.file() + "-old");
    Crowd crowd;
    crowd.add([&] {
      std::signal(SIGXFSZ, SIG_IGN);
      const rlimit none{0, 0};  // like a full disk: no write succeeds
      if (setrlimit(RLIMIT_FSIZE, &none) != 0) return 95;
      int told = 0;
      Breaker breaker(folder.file() + (is_new ? "" : "-old"), quick(),
                      {[&](std::string_view) { ++told; }, [](const Trip&) {}});
      for (int i = 0; i < 10; ++i) breaker.settle(breaker.admit("new"), {CallEnd::failure, "refused"});
      return breaker.admit("new") ? told : 94;
    });
    crowd.begin();
    CHECK(crowd.ends() == std::vector<int>{1});
  }
}
