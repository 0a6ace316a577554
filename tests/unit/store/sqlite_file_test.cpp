#include "store/sqlite_file.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "store/locked_out.h"
#include "store/source.h"
#include "store/view.h"
#include "support/errors.h"
#include "support/fakes.h"
#include "support/small_store.h"

using namespace iso;
using namespace iso::store;
using namespace std::chrono_literals;
using test::error_of;
using test::says;
using test::SmallStore;

namespace {

Url store_url(const std::string& path, std::string_view query = "") {
  return parse_url("sqlite:" + path + std::string(query));
}

SourceOptions queue_options(std::string_view queue = "q") {
  SourceOptions options;
  options.queue = queue;
  options.timeout = 300ms;
  return options;
}

std::size_t taken_from(Source& source) {
  std::vector<Delivery> taken;
  source.take(10, taken);
  return taken.size();
}

constexpr const char* kOneMessage =
    "INSERT INTO iso_queues(name) VALUES('q'); INSERT INTO iso_messages(queue, body) VALUES('q', '1')";

// What `call` says as someone who owns nothing and may write nothing there.
template <class Call>
bool holds_for_nobody(Call call) {
  const pid_t child = fork();
  if (child == 0) {
    if (geteuid() == 0 && setresuid(65534, 65534, 65534) != 0) _exit(2);
    _exit(call() ? 0 : 1);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace

TEST_CASE("store: who takes a message by one name of the file is alive for who comes by another") {
  const SmallStore store(kOneMessage);
  const std::string link = store.folder.path + "/link.db";
  std::filesystem::create_symlink(store.path(), link);
  StoreSource one(store.url(), queue_options());
  REQUIRE(taken_from(one) == 1);
  StoreSource other(store_url(link), queue_options());
  CHECK(taken_from(other) == 0);
  other.poll_now();
  CHECK(taken_from(other) == 0);
}

TEST_CASE("store: one relay has a queue, by whatever name the file is called") {
  const SmallStore store(kOneMessage);
  const std::string link = store.folder.path + "/link.db";
  std::filesystem::create_symlink(store.path(), link);
  SourceOptions options = queue_options();
  options.relay = true;
  StoreSource one(store.url(), options);
  REQUIRE(taken_from(one) == 1);
  options.queue = "q";
  StoreSource other(store_url(link), options);
  CHECK(taken_from(other) == 0);
}

TEST_CASE("store: nothing beside the store says who is alive, so nothing can be removed or made by others") {
  const SmallStore store(kOneMessage);
  StoreSource one(store.url(), queue_options());
  REQUIRE(taken_from(one) == 1);
  for (const auto& entry : std::filesystem::directory_iterator(store.folder.path)) {
    const auto name = entry.path().filename().string();
    CHECK((name == "store.db" || name == "store.db-wal" || name == "store.db-shm"));
  }
}

TEST_CASE("store: the locks of who still listens outlive another who ends in the same process") {
  const SmallStore store(kOneMessage);
  StoreSource one(store.url(), queue_options());
  REQUIRE(taken_from(one) == 1);
  { StoreSource brief(store.url(), queue_options()); }
  StoreSource other(store.url(), queue_options());
  CHECK(taken_from(other) == 0);
}

TEST_CASE("store: a file with two names is refused, since SQLite keeps a log for each") {
  const SmallStore store(kOneMessage);
  std::filesystem::create_hard_link(store.path(), store.folder.path + "/other.db");
  const Error error = error_of([&] { open_store(store.url(), Access::use); });
  CHECK(error.kind() == ErrorKind::io);
  CHECK(says(error, "has 2 names"));
  CHECK(error_of([&] { StoreView(store.url()); }).kind() == ErrorKind::io);
}

TEST_CASE("store: what is no file name is a usage error") {
  const test::Folder folder;
  for (const std::string& path :
       {std::string(":memory:"), std::string("file:a.db"), std::string("file::memory:"), folder.path,
        folder.path + "/", std::string()}) {
    CAPTURE(path);
    Url url;
    url.scheme = "sqlite";
    url.path = path;
    CHECK(error_of([&] { open_store(url, Access::create); }).kind() == ErrorKind::usage);
  }
  CHECK(std::filesystem::is_empty(folder.path));
}

TEST_CASE("store: an option that no store has is a usage error that names the nearest") {
  const test::Folder folder;
  const Error error =
      error_of([&] { open_store(store_url(folder.path + "/a.db", "?retian=1d"), Access::create); });
  CHECK(error.kind() == ErrorKind::usage);
  CHECK(says(error, "did you mean retain?"));
  CHECK(error_of([&] { open_store(store_url(folder.path + "/a.db", "?adopt=ja"), Access::create); }).kind() ==
        ErrorKind::usage);
}

TEST_CASE("store: a new file is its owner's alone") {
  const test::Folder folder;
  const mode_t before = umask(0);
  SqliteFile file(folder.path + "/a.db", {}, Access::create, 5s);
  file.database().execute("INSERT INTO iso_queues(name) VALUES('q')");
  umask(before);
  for (const char* part : {"", "-wal", "-shm"}) {
    struct stat status {};
    REQUIRE(stat((folder.path + "/a.db" + part).c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
  }
}

TEST_CASE("store: who holds the lock of setting up for ever keeps nobody waiting for ever") {
  const test::Folder folder;
  const std::string path = folder.path + "/a.db";
  { sqlite::Database(path, sqlite::Database::Open::create).execute("PRAGMA user_version=0; VACUUM"); }
  ByteLocks hostile(ByteLocks::Database{path});
  REQUIRE(hostile.try_lock(std::int64_t{1} << 61));
  const Error error = error_of([&] { open_store(store_url(path), Access::create, 50ms); });
  CHECK(error.kind() == ErrorKind::unavailable);
  CHECK(says(error, "setting it up"));
}

TEST_CASE("store: a database in UTF-16 is refused, and left as it was") {
  const test::Folder folder;
  const std::string path = folder.path + "/theirs.db";
  {
    sqlite::Database(path, sqlite::Database::Open::create)
        .execute("PRAGMA encoding='UTF-16'; CREATE TABLE theirs(a)");
  }
  const std::string before = read_file(path);
  const Error error = error_of([&] { open_store(store_url(path, "?adopt=yes"), Access::create); });
  CHECK(error.kind() == ErrorKind::io);
  CHECK(says(error, "UTF-16"));
  CHECK(read_file(path) == before);
}

TEST_CASE("store: a view in the place of a table is refused") {
  const SmallStore store(
      "DROP TABLE iso_queues; CREATE VIEW iso_queues(name, owner) AS WITH RECURSIVE n(i) AS (SELECT 1 UNION "
      "ALL SELECT i + 1 FROM n) SELECT i, 0 FROM n");
  CHECK(says(error_of([&] { open_store(store.url(), Access::use); }), "iso_queues is a view"));
  CHECK(says(error_of([&] { StoreView(store.url()); }), "iso_queues is a view"));
}

TEST_CASE("store: a trigger that makes storing do nothing is told, and nothing is confirmed") {
  const SmallStore store(
      "INSERT INTO iso_queues(name) VALUES('q');"
      "CREATE TRIGGER swallow BEFORE INSERT ON iso_messages BEGIN SELECT RAISE(IGNORE); END");
  auto sink = open_store_sink(store.url(), {});
  Record record;
  record.routing_key = "q";
  record.body = "1";
  sink->put(1, record);
  const Error error = error_of([&] { sink->flush(); });
  CHECK(error.kind() == ErrorKind::io);
  CHECK(says(error, "a trigger"));
}

TEST_CASE("store: a trigger that makes an answer do nothing is told, and nothing is confirmed") {
  const SmallStore store("CREATE TRIGGER swallow BEFORE INSERT ON iso_acks BEGIN SELECT RAISE(IGNORE); END");
  const auto engine = open_store(store.url(), Access::use).engine;
  const LedgerRow row{"m", "a", "handled", {}, {}};
  const Error error = error_of([&] { engine->write_ledger([&](Ledger& ledger) { ledger.add({&row, 1}); }); });
  CHECK(error.kind() == ErrorKind::io);
  CHECK(says(error, "storing an answer had no effect"));
}

TEST_CASE("store: a trigger that makes marking do nothing is told, and the claim stays") {
  const SmallStore store(kOneMessage);
  store.run("CREATE TRIGGER swallow BEFORE UPDATE ON iso_messages BEGIN SELECT RAISE(IGNORE); END");
  StoreSource source(store.url(), queue_options());
  REQUIRE(taken_from(source) == 1);
  source.settle(1, Disposition::ack, {});
  const Error error = error_of([&] { source.flush(); });
  CHECK(error.kind() == ErrorKind::io);
  CHECK(says(error, "marking a message had no effect"));
}

TEST_CASE("store: a trigger without end is ended") {
  const SmallStore store(
      "INSERT INTO iso_queues(name) VALUES('q');"
      "CREATE TABLE n(i);"
      "CREATE TRIGGER endless BEFORE INSERT ON iso_messages BEGIN INSERT INTO n WITH RECURSIVE n(i) AS "
      "(SELECT "
      "1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n; END");
  SinkOptions options;
  options.timeout = 100ms;
  auto sink = open_store_sink(store.url(), options);
  Record record;
  record.routing_key = "q";
  record.body = "1";
  sink->put(1, record);
  CHECK(says(error_of([&] { sink->flush(); }), "had not ended after 0.1 s"));
}

TEST_CASE("store: one in a folder that cannot be written can be looked at, as a copy that stands still") {
  const SmallStore store(kOneMessage);
  {
    sqlite::Database(store.path(), sqlite::Database::Open::existing)
        .execute("PRAGMA wal_checkpoint(TRUNCATE)");
  }
  for (const char* part : {"-wal", "-shm"}) std::filesystem::remove(store.path() + part);
  chmod(store.path().c_str(), 0444);
  chmod(store.folder.path.c_str(), 0555);
  CHECK(holds_for_nobody([&] {
    SourceOptions options = queue_options();
    options.peek = true;
    std::string told;
    options.notice = [&](std::string_view text) { told = text; };
    StoreSource source(store.url(), options);
    return taken_from(source) == 1 && told.find("stands still") != told.npos;
  }));
  CHECK(holds_for_nobody([&] {
    StoreView view(store.url());
    return view.is_still() && view.last_seq() == 1;
  }));
  chmod(store.folder.path.c_str(), 0755);
}

TEST_CASE("store: what an application writes while nothing can be settled does not make the log grow") {
  const SmallStore store("INSERT INTO iso_queues(name) VALUES('q')");
  StoreSource relay(store.url(), queue_options());
  sqlite::Database application(store.path(), sqlite::Database::Open::existing);
  application.execute(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 6000) "
      "INSERT INTO iso_messages(queue, body) SELECT 'q', zeroblob(1000) FROM n");
  REQUIRE(application.log_bytes() > 4 << 20);
  relay.flush();
  CHECK(application.log_bytes() == 0);
}

TEST_CASE("store: who is locked out says so once it has gone on for long, and reading does not hide it") {
  const SmallStore store;
  const auto engine = open_store(store.url(), Access::use).engine;
  test::FakeClock clock;
  LockedOut locked(*engine, clock);
  const auto lock_out = [&] { locked.run([] { throw Error(ErrorKind::unavailable, "locked"); }); };
  CHECK(locked.run([] {}));
  CHECK_FALSE(locked.duration());
  CHECK_FALSE(locked.run([] { throw Error(ErrorKind::unavailable, "locked"); }));
  CHECK(locked.duration() == 100ms);
  clock.now += 4899ms;
  lock_out();
  CHECK(locked.text().empty());
  clock.now += 1ms;
  lock_out();
  CHECK(locked.text() == store.path() + ": locked by another process for 5 s");
  clock.now += 10s;
  lock_out();
  CHECK(locked.text() == store.path() + ": locked by another process for 5 s");
  CHECK(locked.run([] {}));
  CHECK(locked.duration() == 15s);
  CHECK(locked.run([&] { engine->make({{}, {"q"}, "", {}}); }));
  CHECK_FALSE(locked.duration());
  CHECK(locked.text().empty());
  CHECK(error_of([&] { locked.run([] { throw Error(ErrorKind::io, "full"); }); }).kind() == ErrorKind::io);
}

TEST_CASE("store: what is stored is synced, what may come again is not, and sync=normal syncs nothing") {
  const SmallStore store;
  const auto level = [](SqliteFile& file) { return file.database().integer("PRAGMA synchronous"); };
  const struct {
    bool sync;
    std::int64_t stored;
  } rows[] = {{true, 2}, {false, 1}};
  for (const auto& row : rows) {
    CAPTURE(row.sync);
    StoreOptions options;
    options.sync = row.sync;
    SqliteFile file(store.path(), options, Access::use, 5s);
    for (int turn = 0; turn < 2; ++turn) {
      file.prepare_turn(SqliteFile::Sync::some);
      CHECK(level(file) == 1);
      file.prepare_turn(SqliteFile::Sync::every_commit);
      CHECK(level(file) == row.stored);
      file.prepare_set_up(SqliteFile::Sync::some);
      CHECK(level(file) == 1);
      file.prepare_set_up(SqliteFile::Sync::every_commit);
      CHECK(level(file) == row.stored);
    }
  }
}

TEST_CASE("store: who has it open waits a turn for another, and who sets up as long as was said") {
  const SmallStore store("INSERT INTO iso_messages(queue, body) VALUES('q', '1')");
  const auto engine = open_store(store.url(), Access::use, 400ms).engine;
  sqlite::Database other(store.path(), sqlite::Database::Open::existing);
  const sqlite::Transaction transaction(other);
  const auto why = [&](auto call) {
    const Error error = error_of(call);
    CHECK(error.kind() == ErrorKind::unavailable);
    return std::string(error.what());
  };
  const std::string locked = store.path() + ": locked by another process for ";
  CHECK(why([&] { engine->claim("q", {1}, [](const StoredRow&) {}); }) == locked + "0.1 s");
  CHECK(why([&] { engine->settle({}, {}); }) == locked + "0.1 s");
  CHECK(why([&] { engine->write_ledger([](Ledger&) {}); }) == locked + "0.1 s");
  std::vector<Received> received;
  CHECK(why([&] { engine->append({}, std::nullopt, received); }) == locked + "0.1 s");
  CHECK(why([&] { engine->make({{}, {"q"}, "", {}}); }) == locked + "0.4 s");
  CHECK(why([&] {
          engine->make_inbox({"q", ""}, [](const StoredRow&) { return std::nullopt; });
        }) == locked + "0.4 s");
  CHECK(why([&] { engine->join(); }) == locked + "0.4 s");
  CHECK(engine->lasts());
}

TEST_CASE("store: its log is emptied when it has grown, not more often than each 250 ms") {
  const SmallStore store;
  test::FakeClock clock;
  SqliteFile file(store.path(), {}, Access::use, 5s, clock);
  sqlite::Database application(store.path(), sqlite::Database::Open::existing);
  const auto write = [&](int rows) {
    application.execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " +
                        std::to_string(rows) +
                        ") INSERT INTO iso_messages(queue, body) SELECT 'q', zeroblob(1000) FROM n");
  };
  write(100);
  const auto small = application.log_bytes();
  REQUIRE(small > 0);
  file.tidy();
  CHECK(application.log_bytes() == small);
  write(6000);
  const auto large = application.log_bytes();
  REQUIRE(large > 4 << 20);
  clock.now += 249ms;
  file.tidy();
  CHECK(application.log_bytes() == large);
  clock.now += 1ms;
  file.tidy();
  CHECK(application.log_bytes() == 0);
}

TEST_CASE("store: a new database says whose it is, one that adopts a store stays its own") {
  const test::Folder folder;
  const auto numbers = [](const std::string& path) {
    sqlite::Database database(path, sqlite::Database::Open::existing);
    return std::pair(database.integer("PRAGMA application_id"), database.integer("PRAGMA user_version"));
  };
  const std::string ours = folder.path + "/a.db", theirs = folder.path + "/b.db";
  open_store(store_url(ours), Access::create);
  CHECK(numbers(ours) == std::pair<std::int64_t, std::int64_t>{0x69736F31, 2});
  {
    sqlite::Database(theirs, sqlite::Database::Open::create)
        .execute("PRAGMA application_id=7; PRAGMA user_version=9; CREATE TABLE theirs(a)");
  }
  const Error error = error_of([&] { open_store(store_url(theirs), Access::create); });
  CHECK(error.kind() == ErrorKind::io);
  CHECK(says(error, "?adopt=yes puts a store's tables beside its own"));
  open_store(store_url(theirs, "?adopt=yes"), Access::use);
  CHECK(numbers(theirs) == std::pair<std::int64_t, std::int64_t>{7, 9});
  CHECK(open_store(store_url(theirs), Access::use).engine->id().size() == 32);
}

TEST_CASE("store: one of an unknown version is refused, one of version 1 is made one of today") {
  const SmallStore store;
  for (const char* version : {"0", "3"}) {
    store.run(std::string("UPDATE iso_meta SET value = ") + version + " WHERE name = 'version'");
    const Error error = error_of([&] { open_store(store.url(), Access::use); });
    CHECK(error.kind() == ErrorKind::io);
    CHECK(says(error, std::string("a store of version ") + version + "; this iso knows version 2"));
    CHECK(error_of([&] { StoreView(store.url()); }).kind() == ErrorKind::io);
  }
  store.run(
      "ALTER TABLE iso_messages DROP COLUMN duplicates; ALTER TABLE iso_messages DROP COLUMN not_before_ms;"
      "DELETE FROM iso_meta WHERE name = 'store_id'; UPDATE iso_meta SET value = 1 WHERE name = 'version';"
      "INSERT INTO iso_messages(queue, body) VALUES('q', '1')");
  CHECK(StoreView(store.url()).last_seq() == 1);
  StoreSource source(store.url(), queue_options());
  CHECK(taken_from(source) == 1);
  CHECK(source.engine().id().size() == 32);
}

TEST_CASE("store: what a URL says is read, and nothing is made by one that makes no sense") {
  const auto of = [](std::string_view query) { return store_options(store_url("a.db", query)); };
  CHECK_FALSE(of("").adopt);
  CHECK(of("").sync);
  CHECK(of("").retain == std::chrono::hours(7 * 24));
  CHECK(of("?adopt=yes&sync=normal&retain=0").adopt);
  CHECK_FALSE(of("?adopt=yes&sync=normal&retain=0").sync);
  CHECK(of("?retain=0").retain == 0ms);
  CHECK(of("?adopt=no&sync=full&retain=2h").retain == 2h);
  const test::Folder folder;
  for (const char* query : {"?adopt=ja", "?sync=off", "?retain=x"}) {
    CAPTURE(query);
    const Error error =
        error_of([&] { open_store(store_url(folder.path + "/a.db", query), Access::create); });
    CHECK(error.kind() == ErrorKind::usage);
  }
  CHECK(std::filesystem::is_empty(folder.path));
}
