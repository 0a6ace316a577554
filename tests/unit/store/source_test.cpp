#include "store/source.h"

#include <cstdlib>
#include <doctest/doctest.h>
#include <filesystem>

#include "base/error.h"
#include "base/sqlite.h"
#include "store/store.h"

using namespace iso;
using namespace iso::store;

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

// As another program would.
void run_sql(const Trial& trial, std::string_view sql) {
  sqlite::Database(trial.url.path, sqlite::Database::Open::existing).execute(sql);
}

// While the index of what is open is said to be of something else, a change leaves it as it is.
void say_index_is_of(const Trial& trial, char state) {
  run_sql(trial, std::string("PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = substr(sql, 1, "
                             "length(sql) - 1) || '") +
                     state + "' WHERE name = 'iso_messages_ready'");
}

std::vector<Delivery> take(Source& source) {
  std::vector<Delivery> taken;
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

  CHECK(one.settle(1, Disposition::give_back, {}));
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
  CHECK(source.settle(1, Disposition::requeue, "why"));
  source.flush();
  CHECK(take(source).empty());
}

TEST_CASE("store: a message that only an index says is open is damage, and is not given again and again") {
  Trial trial;
  say_index_is_of(trial, '9');
  SUBCASE("settled") {
    run_sql(trial, "UPDATE iso_messages SET state = 1");
  }
  SUBCASE("of another queue") {
    run_sql(trial, "UPDATE iso_messages SET queue = 'p'");
  }
  SUBCASE("in no state") {
    run_sql(trial, "PRAGMA ignore_check_constraints = ON; UPDATE iso_messages SET state = 'x'");
  }
  say_index_is_of(trial, '0');
  StoreSource source(trial.url, trial.options);
  try {
    take(source);
    FAIL("it was given");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::io);
    CHECK(std::string_view(error.what()).find("message 1 of the queue \"q\" is in an index") !=
          std::string_view::npos);
  }
}
