#include "base/sqlite_setup.h"

#include <fmt/core.h>
#include <poll.h>

#include "base/error.h"

namespace iso::sqlite {
namespace {

constexpr int kTurns = 200;  // of 10 ms: only the very first have to wait
constexpr int kTurnMs = 10;

bool is_set_up(Database& database, const Schema& schema) {
  return database.integer("PRAGMA application_id") == schema.application_id &&
         database.integer("PRAGMA user_version") == schema.version;
}

void make_tables(Database& database, const Schema& schema) {
  if (database.integer("SELECT count(*) FROM sqlite_schema") != 0)
    throw Error(ErrorKind::io, fmt::format("{} is no {} that this iso knows; name another, or remove it",
                                           database.path(), schema.what));
  database.execute("PRAGMA journal_mode=WAL");
  Transaction setup(database);
  database.execute(schema.tables);
  database.execute(
      fmt::format("PRAGMA application_id={}; PRAGMA user_version={}", schema.application_id, schema.version));
  setup.commit();
}

// To switch the journal while others do makes SQLite fail at once, however long it may wait.
void make_alone(Database& database, const Schema& schema, ByteLocks& locks) {
  for (int turn = 0; !locks.try_lock(kSetUpByte); ++turn) {
    if (turn == kTurns)
      throw Error(ErrorKind::unavailable,
                  fmt::format("{}: another process is setting it up", database.path()));
    poll(nullptr, 0, kTurnMs);
  }
  try {
    if (!is_set_up(database, schema)) make_tables(database, schema);
  } catch (...) {
    locks.unlock(kSetUpByte);
    throw;
  }
  locks.unlock(kSetUpByte);
}

}  // namespace

void set_up(Database& database, const Schema& schema, ByteLocks& locks) {
  if (!is_set_up(database, schema)) make_alone(database, schema, locks);
  database.execute("PRAGMA synchronous=NORMAL");
  database.keep_log();
}

}  // namespace iso::sqlite
