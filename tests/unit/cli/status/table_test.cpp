#include "cli/status/table.h"

#include <doctest/doctest.h>

using namespace iso;
using namespace iso::cli;
using namespace std::chrono_literals;
using status::QueueStatus;

namespace {

std::vector<QueueStatus> queues() {
  QueueStatus one, other;
  one.queue = "orders";
  one.ready = 12;
  one.consumers = 0;
  one.type = "quorum";
  one.dead_letters_to = "dlx:\033[31m";
  other.queue = "a\nb";
  other.state = QueueStatus::State::missing;
  return {one, other};
}

std::string record_of(const QueueStatus& queue, const std::vector<std::string>& broken,
                      const Growth* growth) {
  std::string line;
  append_queue_record(line, queue, broken, growth);
  return line;
}

}  // namespace

TEST_CASE("queue table: it has a column for what is told, and no text can move the cursor") {
  CHECK(queue_table(queues(), nullptr) ==
        "QUEUE           READY  CONSUMERS  TYPE    DEAD-LETTERS-TO\n"
        "orders             12          0  quorum  dlx:\\u001b[31m\n"
        "a\\nb (missing)      -          -  -       -\n");
}

TEST_CASE("queue table: with rates it says how fast a queue grows") {
  const Growth growth{{"orders", -2.5}};
  CHECK(queue_table({queues()[0]}, &growth) ==
        "QUEUE   READY  CONSUMERS  READY/S  TYPE    DEAD-LETTERS-TO\n"
        "orders     12          0     -2.5  quorum  dlx:\\u001b[31m\n");
}

TEST_CASE("queue record: it leaves out what is not known, and lists the limits that are not kept") {
  const Growth growth{{"orders", 2}};
  CHECK(record_of(queues()[0], {"too \"many\""}, &growth) ==
        "{\"queue\":\"orders\",\"ready\":12,\"consumers\":0,\"ready_per_s\":2.0,\"type\":\"quorum\","
        "\"dead_letters_to\":\"dlx:\\u001b[31m\",\"unhealthy\":[\"too \\\"many\\\"\"]}\n");
  CHECK(record_of(queues()[1], {}, nullptr) == "{\"queue\":\"a\\nb\",\"missing\":true}\n");
}

TEST_CASE("age: two units at most") {
  const struct {
    std::chrono::milliseconds age;
    const char* text;
  } rows[] = {{0ms, "0s"},      {850ms, "850ms"}, {9999ms, "9999ms"},   {10s, "10s"}, {59999ms, "59s"},
              {200s, "3m 20s"}, {3600s, "1h"},    {5h + 2min, "5h 2m"}, {24h, "1d"},  {220h + 3s, "9d 4h"}};
  for (const auto& row : rows) CHECK(age_text(row.age) == row.text);
}
