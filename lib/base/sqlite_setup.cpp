#include "base/sqlite_setup.h"

#include <fmt/core.h>
#include <poll.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/stop_signal.h"

namespace iso::sqlite {
namespace {

constexpr std::chrono::seconds kTurnTime{2};  // only the processes that create the file wait
constexpr int kTurnMs = 10;

bool is_set_up(Database& database, const Schema& schema) {
  return database.integer("PRAGMA application_id") == schema.application_id &&
         database.integer("PRAGMA user_version") == schema.version;
}

void make_tables(Database& database, const Schema& schema) {
  if (database.integer("SELECT count(*) FROM sqlite_schema") != 0)
    throw Error(ErrorKind::io,
                fmt::format("{} is not a {} that this version of iso knows; use another file, or remove it",
                            database.path(), schema.what));
  database.execute("PRAGMA journal_mode=WAL");
  Transaction setup(database);
  database.execute(schema.tables);
  database.execute(
      fmt::format("PRAGMA application_id={}; PRAGMA user_version={}", schema.application_id, schema.version));
  setup.commit();
}

// If two connections switch the journal at the same time, SQLite fails at once, whatever its lock wait.
void make_alone(Database& database, const Schema& schema, ByteLocks& locks) {
  const SetupTurn turn(locks, kSetUpByte, kTurnTime, database.path());
  if (!is_set_up(database, schema)) make_tables(database, schema);
}

}  // namespace

SetupTurn::SetupTurn(ByteLocks& locks, std::int64_t byte, std::chrono::milliseconds limit,
                     const std::string& path)
    : locks_(locks), byte_(byte) {
  const auto end = system_clock().steady() + limit;
  while (!locks.try_lock(byte)) {
    if (system_clock().steady() >= end || stop_signal.load() != 0)
      throw Error(ErrorKind::unavailable, fmt::format("{}: another process is setting it up", path));
    poll(nullptr, 0, kTurnMs);
  }
}

void set_up(Database& database, const Schema& schema, ByteLocks& locks) {
  if (!is_set_up(database, schema)) make_alone(database, schema, locks);
  database.distrust_schema();
  database.execute("PRAGMA synchronous=NORMAL");
  database.keep_log();
}

}  // namespace iso::sqlite
