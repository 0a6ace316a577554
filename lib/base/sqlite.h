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

// One run of a prepared statement. Bind left to right, step through the rows, read columns left to right by
// number. What is bound is not copied: it must live until the last step. Ends when it goes out of scope.
class Query {
 public:
  explicit Query(sqlite3_stmt* statement, const std::string* name) : statement_(statement), name_(name) {}
  Query(Query&& other) noexcept
      : statement_(std::exchange(other.statement_, nullptr)), name_(other.name_), next_(other.next_) {}
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
  const std::string* name_;
  int next_ = 1;
};

// One connection; for one thread. Errors are ErrorKind::io with the file's name, but ErrorKind::unavailable
// when another process holds the file for longer than `busy`.
class Database {
 public:
  enum class Open { existing, create };
  Database(std::string path, Open how, std::chrono::milliseconds busy = std::chrono::seconds(5));
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  Query query(std::string_view sql);   // prepared once, then kept
  void execute(std::string_view sql);  // any number of statements
  std::int64_t integer(std::string_view sql);
  std::int64_t changes() const;
  // Leaves the write-ahead log to the next who opens it: the last to close waits for no disk.
  void keep_log();
  int wal_pages() const { return wal_pages_; }  // after the last commit
  const std::string& path() const { return path_; }

 private:
  friend class Transaction;
  std::string path_;
  int wal_pages_ = 0;
  std::unique_ptr<sqlite3, CloseDatabase> database_;
  std::unordered_map<std::string_view, std::unique_ptr<sqlite3_stmt, FinalizeStatement>>
      statements_;  // keys are literals
};

// BEGIN IMMEDIATE … COMMIT; rolled back if it is left without commit(). A commit that throws is unknown: it
// may be there after all, so nothing may be acknowledged on it and the connection should be given up.
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
