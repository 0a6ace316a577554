#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/file.h"
#include "base/sqlite.h"
#include "base/url.h"

namespace iso::store {

// Who is alive, without leases or clocks: everyone holds a lock on a byte of their own in a file beside the
// store, and the kernel frees it when they die. Byte 0 is for setting the store up.
class Owners {
 public:
  explicit Owners(const std::string& path);

  void lock_setup();  // waits for its turn
  void unlock_setup();
  std::int64_t join();  // a new number, held until this object ends
  bool is_alive(std::int64_t owner) const;
  bool take_alone(
      std::string_view queue);  // false: another has the queue for itself; held until this object ends

 private:
  Descriptor file_;
  std::int64_t own_ = 0;
};

// An open store: an SQLite file with our tables, set up if it is new. Throws ErrorKind::io for a file that is
// not ours, and leaves such a file as it was.
class StoreFile {
 public:
  // `create`: make the file if it is missing; else that is ErrorKind::missing.
  StoreFile(const Url& url, bool create);

  sqlite::Database& database() { return database_; }
  Owners& owners() { return owners_; }
  const std::string& path() const { return database_.path(); }
  std::string id();  // 32 hex digits, of this store alone

  // Rights of those who died: their claims end, so their messages are delivered again, and their private
  // queues go.
  void bury_the_dead();
  // The same for one owner, alive or not; call it within a transaction.
  void end_owner(std::int64_t owner);

  void create_exchange(std::string_view name, std::string_view type);
  void create_queue(std::string_view name, std::int64_t owner = 0);
  void create_binding(std::string_view exchange, std::string_view queue, std::string_view routing_key);
  bool has_exchange(std::string_view name);
  bool has_queue(std::string_view name);

  // Deletes some done messages whose retention is over; call it within a transaction.
  void prune(std::int64_t now_ms, std::int64_t most);
  bool keeps_done() const { return retain_ms_ > 0; }

  // Empties the write-ahead log when it has grown, if nobody is in the way. TRUNCATE is the only kind of
  // checkpoint that takes the writer's lock first: others could meet a commit (the WAL-reset bug of SQLite
  // before 3.51.3).
  void checkpoint();

  // Commits that are not synced: only for what may be lost without harm.
  void sync_commits(bool full);

 private:
  void set_up(const Url& url);
  void changed_topology();

  sqlite::Database database_;
  Owners owners_;
  std::int64_t retain_ms_;
  bool full_ = true;  // false: the URL says sync=normal
};

// The version of a database that has our tables. Throws ErrorKind::io if this iso does not know it.
std::int64_t store_version(sqlite::Database& database);

// Runs `call` on a store. "", or why another process keeps us out of it: nothing was stored then, and all
// that is to be done can be done later.
template <class Call>
std::string locked_out(Call call) {
  try {
    call();
    return {};
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::unavailable) throw;
    return error.what();
  }
}

}  // namespace iso::store
