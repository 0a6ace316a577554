#include "base/wait.h"

#include <doctest/doctest.h>
#include <unistd.h>

using namespace iso;
using namespace std::chrono_literals;

TEST_CASE("Wait: two together wait for the descriptors of both and the nearer time") {
  const Wait none;
  CHECK(!none.at_most);
  const Wait both = Wait(3, POLLIN, 50ms) | Wait(4, POLLOUT) | Wait(20ms) | none;
  REQUIRE(both.descriptors.size() == 2);
  CHECK(both.descriptors[0].fd == 3);
  CHECK(both.descriptors[1].events == POLLOUT);
  CHECK(both.at_most == 20ms);
}

TEST_CASE("wait_for: whichever comes first ends it") {
  int pipe_ends[2];
  REQUIRE(pipe(pipe_ends) == 0);
  const auto took = [](const Wait& wait, std::chrono::milliseconds limit) {
    const auto start = std::chrono::steady_clock::now();
    wait_for(wait, limit);
    return std::chrono::steady_clock::now() - start;
  };
  CHECK(took(Wait(pipe_ends[0], POLLIN), 30ms) >= 30ms);
  CHECK(took(Wait(pipe_ends[0], POLLIN, 30ms), 10s) < 5s);
  CHECK(took(Wait(-5ms), 10s) < 5s);  // what was due before now
  REQUIRE(write(pipe_ends[1], "x", 1) == 1);
  CHECK(took(Wait(), 0ms) < 5s);
  CHECK(took(Wait(-1, POLLIN) | Wait(pipe_ends[0], POLLIN), 10s) < 5s);
  close(pipe_ends[0]);
  close(pipe_ends[1]);
}
