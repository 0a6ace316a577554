#include "ends/store_source.h"

#include <cstdlib>
#include <doctest/doctest.h>
#include <filesystem>

#include "ends/store.h"

using namespace iso;

namespace {

// A store of its own with a queue q that holds one message.
struct Trial {
  std::string folder = (std::filesystem::temp_directory_path() / "iso-store-XXXXXX").string();
  Url url;
  SourceOptions options;

  Trial() {
    REQUIRE(mkdtemp(folder.data()) != nullptr);
    url = parse_url("sqlite:" + folder + "/store.db");
    options.queue = "q";
    SinkOptions to;
    to.queue = "q";
    Record record;
    record.routing_key = "q";
    record.body = "1";
    record.body_kind = BodyKind::json;
    auto sink = open_store_sink(url, to);
    sink->put(1, record);
    sink->flush();
  }
  ~Trial() { std::filesystem::remove_all(folder); }
};

std::vector<Taken> take(Source& source) {
  std::vector<Taken> taken;
  source.take(10, taken);
  return taken;
}

}  // namespace

TEST_CASE("store: what is given back comes at once to another listener, and is no attempt") {
  Trial trial;
  trial.options.max_attempts = 1;  // an attempt would be the end of it
  StoreSource one(trial.url, trial.options);
  StoreSource other(trial.url, trial.options);
  REQUIRE(take(one).size() == 1);
  CHECK(take(other).empty());

  CHECK(one.settle(1, Settle::give_back, {}));
  one.flush();
  const auto taken = take(other);
  REQUIRE(taken.size() == 1);
  CHECK(taken[0].record.redelivered == true);
  CHECK(take(one).empty());
}

TEST_CASE("store: what failed rests before it comes again") {
  Trial trial;
  StoreSource source(trial.url, trial.options);
  REQUIRE(take(source).size() == 1);
  CHECK(source.settle(1, Settle::requeue, "why"));
  source.flush();
  CHECK(take(source).empty());
}
