#include "store/queue_setup.h"

#include <doctest/doctest.h>

#include "support/errors.h"
#include "support/fake_store.h"

using namespace iso;
using namespace iso::store;
using test::error_of;
using test::FakeStore;
using test::says;

namespace {

struct Trial {
  FakeStore store;
  StoreOptions kept;
  SourceOptions options;
  std::vector<std::string> told;

  Trial() {
    options.queue = "q";
    options.notice = [this](std::string_view text) { told.emplace_back(text); };
  }
  std::string set_up() {
    open_ = {kept, store.open()};
    return set_up_queue(open_, options);
  }

 private:
  OpenStore open_;
};

}  // namespace

TEST_CASE("store queue: one that is there is used, one that is missing is made if that is asked for") {
  Trial trial;
  const Error error = error_of([&] { trial.set_up(); });
  CHECK(error.kind() == ErrorKind::missing);
  CHECK(says(error, "there is no queue \"q\" in fake; --declare makes it"));
  CHECK(trial.store.changes == 0);
  trial.options.declare = true;
  CHECK(trial.set_up() == "q");
  CHECK(trial.store.data.queues.at("q") == 0);
  CHECK(trial.store.alive.size() == 1);
  trial.options.declare = false;
  const auto topology = trial.store.data.topology;
  CHECK(trial.set_up() == "q");
  CHECK(trial.store.data.topology == topology);
  CHECK(trial.told.empty());
}

TEST_CASE("store queue: a relay makes one in an adopted database alone") {
  Trial trial;
  trial.options.relay = true;
  const Error error = error_of([&] { trial.set_up(); });
  CHECK(error.kind() == ErrorKind::missing);
  CHECK(says(error, "it is made by the first message in it, or by fake:fake?adopt=yes#q"));
  trial.kept.adopt = true;
  CHECK(trial.set_up() == "q");
  CHECK(trial.store.data.queues.contains("q"));
  trial.options.relay = false;
  trial.options.queue = "p";
  CHECK(error_of([&] { trial.set_up(); }).kind() == ErrorKind::missing);
}

TEST_CASE("store queue: one without a name is private, is bound, and is told of") {
  Trial trial;
  trial.store.data.exchanges = {{"x", "fanout"}};
  trial.options.queue = "";
  trial.options.bindings = {{"x", "k"}};
  const std::string name = trial.set_up();
  CHECK(name.starts_with("iso.gen-"));
  CHECK(name.size() > 16);
  CHECK(trial.store.data.queues.at(name) == trial.store.next_owner);
  REQUIRE(trial.store.data.bindings.size() == 1);
  CHECK(trial.store.data.bindings[0].queue == name);
  CHECK(trial.store.data.bindings[0].routing_key == "k");
  CHECK(trial.told == std::vector<std::string>{"listening on the private queue " + name});
  CHECK(trial.set_up() != name);
}

TEST_CASE("store queue: an exchange that is bound to must be there, or is made by what its key means") {
  Trial trial;
  trial.options.bindings = {{"x", "a.*"}, {"y", ""}, {"z", "k"}, {"x", "b"}, {"old", "a.*"}};
  trial.store.data.exchanges = {{"old", "direct"}};
  trial.store.data.queues = {{"q", 0}};
  const Error error = error_of([&] { trial.set_up(); });
  CHECK(error.kind() == ErrorKind::missing);
  CHECK(says(error, "no exchange \"x\" in fake; create it with --declare"));
  CHECK(trial.store.data.bindings.empty());
  trial.options.declare = true;
  trial.set_up();
  std::string made;
  for (const auto& [name, type] : trial.store.data.exchanges) made += name + ":" + type + " ";
  CHECK(made == "old:direct x:topic y:fanout z:direct ");
  CHECK(trial.store.data.bindings.size() == 5);
}

TEST_CASE("store queue: a look at one writes nothing") {
  Trial trial;
  trial.store.data.queues = {{"q", 0}};
  trial.options.peek = true;
  CHECK(trial.set_up() == "q");
  CHECK(trial.store.changes == 0);
  trial.options.queue = "p";
  CHECK(error_of([&] { trial.set_up(); }).kind() == ErrorKind::missing);
}
