#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/private_file.h"
#include "base/sqlite.h"
#include "store/open.h"

namespace iso::store {

// Who is alive, without leases or clocks: everyone holds a lock on a byte of their own of the database file,
// and the kernel frees it when they die.
class Owners {
 public:
  explicit Owners(const std::string& database) : locks_(ByteLocks::Database{database}) {}

  ByteLocks& locks() { return locks_; }
  std::int64_t register_owner();  // a new number, held until this object ends
  bool is_alive(std::int64_t owner) const;
  bool try_lock_queue(std::string_view queue);  // false: another has it alone; held until this object ends

 private:
  ByteLocks locks_;
  std::int64_t own_ = 0;
};

// An SQLite file with our tables, set up if it is new. Throws what open_store does.
class SqliteFile {
 public:
  SqliteFile(const std::string& path, const StoreOptions& options, Access access,
             std::chrono::milliseconds timeout, const Clock& clock = system_clock());

  sqlite::Database& database() { return database_; }
  const std::string& path() const { return database_.path(); }
  bool is_still() const { return database_.is_still(); }
  std::uint64_t commits() const { return database_.commits(); }
  Owners* owners() { return owners_ ? &*owners_ : nullptr; }  // null for who only looks at what stands still

  enum class Sync {
    every_commit,
    some,  // for what may be lost without harm: no commit waits for the disk
  };
  // From the next call on: how its commits are synced, and how long it waits for another process.
  void prepare_turn(Sync sync);
  void prepare_set_up(Sync sync);  // longer

  // Empties the write-ahead log when it has grown, by this process or another, if nobody is in the way.
  // TRUNCATE is the only kind of checkpoint that takes the writer's lock first: others could meet a commit
  // (the WAL-reset bug of SQLite before 3.51.3).
  void tidy();

  // After a statement that must have changed a row. Throws ErrorKind::io if it did not: a trigger of another
  // program can make it do nothing without a word.
  void must_have_changed(std::string_view what);

 private:
  void set_up();
  void make_store();
  void make_tables(std::int64_t old_version);
  bool is_set_up();
  void sync(Sync sync);

  StoreOptions options_;
  std::chrono::milliseconds timeout_;
  sqlite::Database database_;
  std::optional<Owners> owners_;
  std::optional<Sync> sync_;
  const Clock& clock_;
  Clock::Steady next_tidy_;
};

// Refuses what is no store of ours that can be read: another program's, a database in UTF-16, views in the
// place of tables, a file with two names (SQLite keeps a log for each, which damages it). Throws
// ErrorKind::io.
void check_store(sqlite::Database& database);

// The version of a database that has our tables. Throws ErrorKind::io if this iso does not know it.
std::int64_t store_version(sqlite::Database& database);

// As the file keeps it; "": a store of version 1 has none.
std::string store_id(sqlite::Database& database);

}  // namespace iso::store
