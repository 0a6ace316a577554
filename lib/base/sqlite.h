#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

struct sqlite3;
struct sqlite3_stmt;

namespace iso::sqlite {

struct CloseDatabase {
  void operator()(sqlite3* database) const noexcept;
};
struct FinalizeStatement {
  void operator()(sqlite3_stmt* statement) const noexcept;
};

class Database;

// One run of a prepared statement. Bind from left to right, step through the rows, read columns by number.
// What is bound is not copied: it must live until the last step. The run ends with this object.
class Query {
 public:
  Query(sqlite3_stmt* statement, Database* database) : statement_(statement), database_(database) {}
  Query(Query&& other) noexcept
      : statement_(std::exchange(other.statement_, nullptr)),
        database_(other.database_),
        next_(other.next_) {}
  ~Query();

  Query& bind(std::int64_t value);
  Query& bind(std::string_view text);
  Query& bind_blob(std::string_view bytes);
  Query& bind_null();
  Query& bind(const std::string& text) { return bind(std::string_view(text)); }
  Query& bind(const std::optional<std::string>& text) { return text ? bind(*text) : bind_null(); }

  bool step();  // false: there are no more rows
  void run() {  // for statements without rows
    while (step()) {
    }
  }

  std::int64_t integer(int column) const;
  std::string_view text(int column) const;  // text or blob; valid until the next step
  bool is_null(int column) const;

 private:
  sqlite3_stmt* statement_;
  Database* database_;
  int next_ = 1;
};

// One connection, for one thread. Throws ErrorKind::io with the file's name; ErrorKind::unavailable if
// another process holds the file for longer than the lock wait, or a signal ended that wait.
class Database {
 public:
  enum class Open {
    existing,
    create,  // make it if it is missing, for its owner alone (0600)
    look,    // only to read, even where nothing can be written: is_still()
  };
  // Throws ErrorKind::usage for a folder, and for a name that does not mean a file to SQLite.
  Database(std::string path, Open how, std::chrono::milliseconds lock_wait = std::chrono::seconds(5));
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // How long each later call may wait for another process. A stop_signal ends the wait.
  void set_lock_wait(std::chrono::milliseconds wait) { lock_wait_ = wait; }
  // How long each later step of a statement may run; 0 means without a limit. A stop_signal ends it within a
  // second in any case.
  void set_step_limit(std::chrono::milliseconds limit) { step_limit_ = limit; }
  // For a file that others may have made: its schema cannot make this connection run anything harmful.
  void distrust_schema();

  Query query(std::string_view sql);   // prepared once, then kept
  void execute(std::string_view sql);  // any number of statements
  std::int64_t integer(std::string_view sql);
  std::int64_t changes() const;
  // Leaves the write-ahead log to the next process that opens the file, so that closing does not wait for the
  // disk.
  void keep_log();
  std::uint64_t commits() const { return commits_; }  // Transactions committed so far
  int wal_pages() const { return wal_pages_; }        // after the last commit
  std::uintmax_t log_bytes()
      const;  // of the write-ahead log, including what others wrote; 0 if there is none
  // Writes all of the log into the database and empties it. False if another connection is using it.
  bool empty_log();
  const std::string& path() const { return path_; }
  // Whether the folder cannot be written; then what others write from now on is not seen.
  bool is_still() const { return still_; }

 private:
  friend class Query;
  friend class Transaction;
  void open(const std::string& name, int flags);
  void open_to_look();
  int wait_for_lock(int turn);
  bool step_must_end();
  [[noreturn]] void fail() const;

  std::string path_;
  std::chrono::milliseconds lock_wait_, step_limit_{0}, slept_{0};
  std::chrono::steady_clock::time_point step_began_, stop_seen_;
  int wal_pages_ = 0;
  std::uint64_t commits_ = 0;
  bool still_ = false;
  std::unique_ptr<sqlite3, CloseDatabase> database_;
  std::unordered_map<std::string_view, std::unique_ptr<sqlite3_stmt, FinalizeStatement>>
      statements_;  // keys are literals
};

// BEGIN IMMEDIATE … COMMIT; rolled back if it is destroyed without commit(). If commit() throws, the outcome
// is unknown: acknowledge nothing on it, and give up the connection.
class Transaction {
 public:
  explicit Transaction(Database& database);
  ~Transaction();
  void commit();

 private:
  Database& database_;
  bool open_ = true;
};

}  // namespace iso::sqlite
