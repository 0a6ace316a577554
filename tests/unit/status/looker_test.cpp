#include <doctest/doctest.h>

#include "status/status.h"
#include "support/errors.h"
#include "support/small_store.h"

using namespace iso;
using namespace iso::status;
using test::error_of;
using test::SmallStore;

TEST_CASE("looker: a store shows all its queues, or those that are named, and which are missing") {
  const SmallStore store(R"(
    INSERT INTO iso_queues(name, owner) VALUES('b', 0), ('a', 0), ('private', 7);
    INSERT INTO iso_messages(queue, state, body) VALUES('b', 0, ''), ('nobody made', 2, ''))");
  const auto looker = open_looker(store.url(), {});
  auto all = looker->look({});
  REQUIRE(all.size() == 2);
  CHECK(all[0].queue == "a");
  CHECK(all[1].ready == 1);
  CHECK_FALSE(all[1].consumers);
  const auto named = looker->look({"nope", "nobody made", "private"});
  CHECK(named[0].state == QueueStatus::State::missing);
  CHECK(named[1].dead == 1);
  CHECK(named[2].state == QueueStatus::State::there);
  store.run("INSERT INTO iso_messages(queue, body) VALUES('a', '')");
  CHECK(looker->look({"a"})[0].ready == 1);
}

TEST_CASE("looker: a store that is not there is missing until somebody makes it") {
  const test::Folder folder;
  const auto looker = open_looker(parse_url("sqlite:" + folder.path + "/later.db"), {});
  CHECK(error_of([&] { looker->look({}); }).kind() == ErrorKind::missing);
  { store::open_store(parse_url("sqlite:" + folder.path + "/later.db"), store::Access::create); }
  CHECK(looker->look({}).empty());
}

TEST_CASE("looker: a file has no queues, and a wrong option is told before anything is opened") {
  CHECK(error_of([] { open_looker(parse_url("records.ndjson"), {}); }).kind() == ErrorKind::usage);
  CHECK(error_of([] { open_looker(parse_url("amqp://h/?manage=x"), {}); }).kind() == ErrorKind::usage);
  CHECK(error_of([] { open_looker(parse_url("amqp://h/?management=x"), {}); }).kind() == ErrorKind::usage);
}
