#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/private_file.h"
#include "base/sqlite.h"
#include "base/url.h"

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

// What an opened store is for.
enum class Access {
  look,    // as it is: nothing is made, and it may be where nothing can be written
  use,     // a missing file is ErrorKind::missing
  create,  // a missing file is made
};

// An open store: an SQLite file with our tables, set up if it is new. Throws ErrorKind::io for a file that is
// not ours, and leaves such a file as it was; ErrorKind::unavailable when another process kept it locked for
// longer than `timeout` (0: without limit).
class StoreFile {
 public:
  StoreFile(const Url& url, Access access, std::chrono::milliseconds timeout = std::chrono::seconds(5));

  sqlite::Database& database() { return database_; }
  const std::string& path() const { return database_.path(); }
  std::string id();  // 32 hex digits, of this store alone

  // As the names say of Owners; only for who does not just look.
  std::int64_t register_owner() { return owners_->register_owner(); }
  bool try_lock_queue(std::string_view queue) { return owners_->try_lock_queue(queue); }
  // Rights of those who died: their claims end, so their messages are delivered again, and their private
  // queues go.
  void release_dead_owners();
  // The same for one owner, alive or not; call it within a transaction.
  void end_owner(std::int64_t owner);

  void create_exchange(std::string_view name, std::string_view type);
  void create_queue(std::string_view name, std::int64_t owner = 0);
  void create_binding(std::string_view exchange, std::string_view queue, std::string_view routing_key);
  void changed_topology();  // those who route read it again
  bool has_exchange(std::string_view name);
  bool has_queue(std::string_view name);  // one that was made, or that an application put messages into

  // Deletes some done messages whose retention is over; call it within a transaction.
  void prune(std::int64_t now_ms, std::int64_t most);
  // Deletes the messages whose seqs `select` gives, and keeps up to when what is gone was stored: what is
  // older was here, for all that anyone knows. Call it within a transaction.
  void delete_done(std::string_view select, std::int64_t first, std::int64_t second);
  bool keeps_done() const { return retain_ms_ > 0; }
  bool adopts() const { return adopt_; }

  // Empties the write-ahead log when it has grown, whoever wrote it, if nobody is in the way. TRUNCATE is the
  // only kind of checkpoint that takes the writer's lock first: others could meet a commit (the WAL-reset bug
  // of SQLite before 3.51.3).
  void tidy();

  // After a statement that must have changed a row. Throws ErrorKind::io if it did not: a trigger of another
  // program can make it do nothing without a word.
  void must_have_changed(std::string_view what);

  // Commits that are not synced: only for what may be lost without harm.
  void sync_commits(bool full);

  // How long a call waits for another process once the store is open: then the pump waits, and not we.
  static constexpr std::chrono::milliseconds kTurnWait{100};

 private:
  void set_up(std::chrono::milliseconds timeout);
  void make_store();
  void make_tables(std::int64_t old_version);
  bool is_set_up();

  bool adopt_;
  sqlite::Database database_;
  std::optional<Owners> owners_;  // none for who only looks
  std::int64_t retain_ms_;
  bool full_ = true;  // false: the URL says sync=normal
  std::chrono::steady_clock::time_point next_tidy_;
};

// Up to when a queue has deleted what was done, in milliseconds since the epoch; 0: nothing.
std::int64_t pruned_up_to(sqlite::Database& database, std::string_view queue);

// Refuses what is no store of ours that can be read: another program's, a database in UTF-16, views in the
// place of tables, a file with two names (SQLite keeps a log for each, which damages it). Throws
// ErrorKind::io.
void check_store(sqlite::Database& database);

// The version of a database that has our tables. Throws ErrorKind::io if this iso does not know it.
std::int64_t store_version(sqlite::Database& database);

// Whether another process keeps us out of a store: nothing was stored then, and all that is to be done can be
// done later.
class LockedOut {
 public:
  explicit LockedOut(sqlite::Database& database) : database_(database) {}

  // Runs `call` on the store. False if another process had it locked. Only a commit says that it no longer
  // is: reading goes on beside one who writes.
  template <class Call>
  bool run(Call call) {
    const auto before = database_.commits();
    database_.set_lock_wait(StoreFile::kTurnWait);  // setting up waited for as long as it may
    try {
      call();
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::unavailable) throw;
      locked();
      return false;
    }
    if (database_.commits() != before) {
      since_.reset();
      text_.clear();
    }
    return true;
  }

  // For how long so far; nothing: it is not.
  std::optional<std::chrono::milliseconds> duration() const;
  // Why, once it has gone on for long enough to be told, or "".
  const std::string& text() const { return text_; }

 private:
  void locked();

  sqlite::Database& database_;
  std::optional<std::chrono::steady_clock::time_point> since_;
  std::string text_;
};

}  // namespace iso::store
