#include "base/sqlite.h"

#include <fmt/core.h>

#include "base/error.h"
#include "base/sqlite_functions.h"

namespace iso::sqlite {
namespace {

// As it is now: some wait for less than they were opened with.
double busy_seconds(sqlite3* database) {
  sqlite3_stmt* prepared = nullptr;
  sqlite3_prepare_v2(database, "PRAGMA busy_timeout", -1, &prepared, nullptr);
  const std::unique_ptr<sqlite3_stmt, FinalizeStatement> statement(prepared);
  return statement && sqlite3_step(prepared) == SQLITE_ROW ? sqlite3_column_int(prepared, 0) / 1000.0 : 0;
}

[[noreturn]] void fail(sqlite3* database, const std::string& path) {
  const int code = sqlite3_errcode(database) & 0xFF;
  const bool busy = code == SQLITE_BUSY || code == SQLITE_LOCKED;
  if (!busy) throw Error(ErrorKind::io, fmt::format("{}: {}", path, sqlite3_errmsg(database)));
  throw Error(ErrorKind::unavailable,
              fmt::format("{}: another process held it locked for {} s", path, busy_seconds(database)));
}

}  // namespace

void CloseDatabase::operator()(sqlite3* database) const noexcept {
  sqlite3_close_v2(database);
}
void FinalizeStatement::operator()(sqlite3_stmt* statement) const noexcept {
  sqlite3_finalize(statement);
}

Query::~Query() {
  if (!statement_) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

Query& Query::bind(std::int64_t value) {
  sqlite3_bind_int64(statement_, next_++, value);
  return *this;
}

Query& Query::bind(std::string_view text) {
  sqlite3_bind_text64(statement_, next_++, text.data() ? text.data() : "", text.size(), SQLITE_STATIC,
                      SQLITE_UTF8);
  return *this;
}

Query& Query::bind_blob(std::string_view bytes) {
  sqlite3_bind_blob64(statement_, next_++, bytes.data() ? bytes.data() : "", bytes.size(), SQLITE_STATIC);
  return *this;
}

Query& Query::bind_null() {
  sqlite3_bind_null(statement_, next_++);
  return *this;
}

bool Query::step() {
  const int status = sqlite3_step(statement_);
  if (status == SQLITE_ROW) return true;
  if (status != SQLITE_DONE) fail(sqlite3_db_handle(statement_), *name_);
  return false;
}

std::int64_t Query::integer(int column) const {
  return sqlite3_column_int64(statement_, column);
}

std::string_view Query::text(int column) const {
  const void* bytes = sqlite3_column_blob(statement_, column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
  return bytes ? std::string_view(static_cast<const char*>(bytes), size) : std::string_view();
}

bool Query::is_null(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

Database::Database(std::string path, Open how, std::chrono::milliseconds busy) : path_(std::move(path)) {
  sqlite3* database = nullptr;
  const int flags =
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (how == Open::create ? SQLITE_OPEN_CREATE : 0);
  const int status = sqlite3_open_v2(path_.c_str(), &database, flags, nullptr);
  database_.reset(database);
  if (status != SQLITE_OK) fail(database, path_);
  sqlite3_extended_result_codes(database, 1);
  sqlite3_busy_timeout(database, static_cast<int>(busy.count()));
  sqlite3_wal_autocheckpoint(database, 0);  // before the hook: it would take its place
  sqlite3_wal_hook(
      database,
      [](void* pages, sqlite3*, const char*, int count) {
        *static_cast<int*>(pages) = count;
        return SQLITE_OK;
      },
      &wal_pages_);
}

Query Database::query(std::string_view sql) {
  auto& statement = statements_[sql];
  if (!statement) {
    sqlite3_stmt* prepared = nullptr;
    if (sqlite3_prepare_v3(database_.get(), sql.data(), static_cast<int>(sql.size()),
                           SQLITE_PREPARE_PERSISTENT, &prepared, nullptr) != SQLITE_OK)
      fail(database_.get(), path_);
    statement.reset(prepared);
  }
  return Query(statement.get(), &path_);
}

void Database::execute(std::string_view sql) {
  const std::string text(sql);
  if (sqlite3_exec(database_.get(), text.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
    fail(database_.get(), path_);
}

std::int64_t Database::integer(std::string_view sql) {
  Query one = query(sql);
  return one.step() ? one.integer(0) : 0;
}

std::int64_t Database::changes() const {
  return sqlite3_changes64(database_.get());
}

void Database::keep_log() {
  sqlite3_db_config(database_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

Transaction::Transaction(Database& database) : database_(database) {
  database_.query("BEGIN IMMEDIATE").run();
}

Transaction::~Transaction() {
  if (open_) sqlite3_exec(database_.database_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
}

void Transaction::commit() {
  database_.query("COMMIT").run();
  open_ = false;
}

}  // namespace iso::sqlite
