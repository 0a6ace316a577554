#include "base/sqlite.h"

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <filesystem>
#include <fmt/core.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/percent.h"
#include "base/sqlite_functions.h"
#include "base/stop_signal.h"

namespace iso::sqlite {
namespace {

constexpr std::array kLockDelays{1, 2, 5, 10, 15, 20, 25, 25, 25, 50, 50, 100};  // ms
constexpr int kOperationsBetweenLooks = 50'000;                                  // some milliseconds
constexpr std::chrono::seconds kAfterStop{1};

// Some names do not mean a file to SQLite, and it opens a folder only to fail later.
void check_name(const std::string& path) {
  const auto refuse = [&](std::string_view why) {
    throw Error(ErrorKind::usage, fmt::format("\"{}\" is not a file name for a database: {}", path, why));
  };
  if (path.empty()) refuse("it is empty");
  if (path.find('\0') != path.npos) refuse("it has a zero byte in it");
  if (path == ":memory:") refuse("it would be gone at the end; say ./:memory: for a file of that name");
  if (path.starts_with("file:")) refuse("say the path alone, or ./file: for a file of that name");
  struct stat status {};
  if (path.ends_with('/') || (stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode)))
    refuse("it is a folder");
}

// SQLite gives the files beside it the permissions of this one.
void make_for_owner_alone(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) == 0) return;
  // Never one that is open elsewhere in this process: closing it would end SQLite's locks on it.
  if (const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600); fd >= 0) close(fd);
}

bool can_write_beside(const std::string& path) {
  const auto folder = std::filesystem::path(path).parent_path();
  return access(path.c_str(), W_OK) == 0 && access(folder.empty() ? "." : folder.c_str(), W_OK) == 0;
}

// A path in a URI: SQLite decodes it.
std::string uri_of(const std::string& path) {
  std::string uri = "file:";
  for (const char c : std::filesystem::absolute(path).string())
    if (std::string_view("%?#").find(c) == std::string_view::npos)
      uri += c;
    else
      append_percent_encoded(uri, c);
  return uri + "?immutable=1";
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
  database_->step_began_ = system_clock().steady();
  const int status = sqlite3_step(statement_);
  if (status == SQLITE_ROW) return true;
  if (status != SQLITE_DONE) database_->fail();
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

Database::Database(std::string path, Open how, std::chrono::milliseconds lock_wait)
    : path_(std::move(path)), lock_wait_(lock_wait) {
  check_name(path_);
  if (how == Open::create) make_for_owner_alone(path_);
  if (how == Open::look && !can_write_beside(path_)) {
    open_to_look();
  } else {
    open(path_, SQLITE_OPEN_READWRITE | (how == Open::create ? SQLITE_OPEN_CREATE : 0));
  }
}

void Database::open(const std::string& name, int flags) {
  sqlite3* database = nullptr;
  const int status = sqlite3_open_v2(name.c_str(), &database, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  statements_.clear();
  database_.reset(database);
  if (status != SQLITE_OK) fail();
  sqlite3_extended_result_codes(database, 1);
  sqlite3_busy_handler(
      database, [](void* self, int turn) { return static_cast<Database*>(self)->wait_for_lock(turn); }, this);
  sqlite3_progress_handler(
      database, kOperationsBetweenLooks,
      [](void* self) { return static_cast<Database*>(self)->step_must_end() ? 1 : 0; }, this);
  sqlite3_wal_autocheckpoint(database, 0);  // before the hook: it would take its place
  sqlite3_wal_hook(
      database,
      [](void* pages, sqlite3*, const char*, int count) {
        *static_cast<int*>(pages) = count;
        return SQLITE_OK;
      },
      &wal_pages_);
}

// Where nothing can be written, a database with a write-ahead log can be read only while others have it open,
// or as a file that never changes.
void Database::open_to_look() {
  open(path_, SQLITE_OPEN_READONLY);
  if (sqlite3_exec(database_.get(), "PRAGMA schema_version", nullptr, nullptr, nullptr) == SQLITE_OK) return;
  const int code = sqlite3_errcode(database_.get()) & 0xFF;
  if (code != SQLITE_CANTOPEN && code != SQLITE_READONLY) fail();
  if (log_bytes() != 0)
    throw Error(ErrorKind::io,
                fmt::format("{0}: what was written last is in {0}-wal, which cannot be read in a folder that "
                            "cannot be written; copy both files to another folder",
                            path_));
  open(uri_of(path_), SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
  still_ = true;
}

// Limits the time slept, not the time passed: on a busy machine each process still gets all its tries.
int Database::wait_for_lock(int turn) {
  if (turn == 0) slept_ = std::chrono::milliseconds(0);
  const auto left = lock_wait_ - slept_;
  if (left.count() <= 0 || (stop_signal.load() != 0 && slept_ >= kAfterStop)) return 0;
  const auto index = std::min(static_cast<std::size_t>(turn), kLockDelays.size() - 1);
  const auto delay = std::min(std::chrono::milliseconds(kLockDelays[index]), left);
  poll(nullptr, 0, static_cast<int>(delay.count()));
  slept_ += delay;
  return 1;
}

bool Database::step_must_end() {
  const auto now = system_clock().steady();
  if (step_limit_.count() != 0 && now - step_began_ >= step_limit_) return true;
  if (stop_signal.load() == 0) return false;
  if (stop_seen_ < step_began_) stop_seen_ = now;
  return now - stop_seen_ >= kAfterStop;
}

void Database::fail() const {
  const int code = sqlite3_errcode(database_.get()) & 0xFF;
  const bool locked = code == SQLITE_BUSY || code == SQLITE_LOCKED;
  if (locked && stop_signal.load() != 0)
    throw Error(ErrorKind::unavailable,
                fmt::format("{}: interrupted while it was locked by another process", path_));
  if (locked)
    throw Error(ErrorKind::unavailable, fmt::format("{}: locked by another process for {} s", path_,
                                                    static_cast<double>(lock_wait_.count()) / 1000));
  if (code == SQLITE_INTERRUPT && stop_signal.load() != 0)
    throw Error(ErrorKind::unavailable, fmt::format("{}: interrupted", path_));
  if (code == SQLITE_INTERRUPT)
    throw Error(ErrorKind::io,
                fmt::format("{}: a statement had not ended after {} s; has another program put a trigger or "
                            "a view there?",
                            path_, static_cast<double>(step_limit_.count()) / 1000));
  throw Error(ErrorKind::io, fmt::format("{}: {}", path_, sqlite3_errmsg(database_.get())));
}

void Database::distrust_schema() {
  sqlite3_db_config(database_.get(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(database_.get(), SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
}

std::uintmax_t Database::log_bytes() const {
  // SQLite's own name for it: ours may be a link.
  const char* const name = sqlite3_db_filename(database_.get(), "main");
  std::error_code error;
  const auto size = std::filesystem::file_size(std::string(name ? name : path_) + "-wal", error);
  return error ? 0 : size;
}

bool Database::empty_log() {
  try {
    execute("PRAGMA wal_checkpoint(TRUNCATE)");
    return true;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::unavailable) throw;
    return false;
  }
}

Query Database::query(std::string_view sql) {
  auto& statement = statements_[sql];
  if (!statement) {
    sqlite3_stmt* prepared = nullptr;
    if (sqlite3_prepare_v3(database_.get(), sql.data(), static_cast<int>(sql.size()),
                           SQLITE_PREPARE_PERSISTENT, &prepared, nullptr) != SQLITE_OK)
      fail();
    statement.reset(prepared);
  }
  return {statement.get(), this};
}

void Database::execute(std::string_view sql) {
  const std::string text(sql);
  step_began_ = system_clock().steady();
  if (sqlite3_exec(database_.get(), text.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) fail();
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
  ++database_.commits_;
  open_ = false;
}

}  // namespace iso::sqlite
