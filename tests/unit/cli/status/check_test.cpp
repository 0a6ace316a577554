#include "cli/status/check.h"

#include <doctest/doctest.h>

using namespace iso;
using namespace iso::cli;
using namespace std::chrono_literals;
using status::QueueStatus;

namespace {

QueueStatus queue(std::uint64_t ready) {
  QueueStatus queue;
  queue.queue = "q";
  queue.ready = ready;
  return queue;
}

}  // namespace

TEST_CASE("status check: a limit is kept up to its value, and each that is not kept is told") {
  QueueStatus busy = queue(10);
  busy.consumers = 2;
  busy.oldest = 60s;
  CHECK(broken_limits(busy, {}).empty());
  CHECK(broken_limits(busy, {10, 2, 60s}).empty());
  const auto broken = broken_limits(busy, {9, 3, 59s});
  REQUIRE(broken.size() == 3);
  CHECK(broken[0] == "\"q\" has 10 ready, more than --max-ready 9");
  CHECK(broken[1] == "\"q\" has fewer consumers than --min-consumers 3: 2");
  CHECK(broken[2] == "\"q\" has a message that is 1m old, more than --max-age 59s");
}

TEST_CASE("status check: what the end does not tell is not kept, but an empty queue has no old message") {
  CHECK(broken_limits(queue(0), {{}, {}, 1s}).empty());
  CHECK(broken_limits(queue(1), {{}, {}, 1s}).size() == 1);
  CHECK(broken_limits(queue(1), {{}, 1, {}}).size() == 1);
  QueueStatus held = queue(0);
  held.ready.reset();
  held.state = QueueStatus::State::held;
  CHECK(broken_limits(held, {0, 0, 1s}).size() == 3);
  CHECK(broken_limits(held, {}).empty());
}

TEST_CASE("status check: a missing queue is missing, whatever its limits") {
  QueueStatus none;
  none.state = QueueStatus::State::missing;
  CHECK(broken_limits(none, {0, 1, 1s}).empty());
}
