#include "store/sqlite_file.h"

#include <filesystem>
#include <fmt/core.h>
#include <random>

#include "base/error.h"
#include "base/hash.h"
#include "base/sqlite_setup.h"
#include "store/sqlite_schema.h"

namespace iso::store {
namespace {

using std::chrono::milliseconds;

constexpr std::uintmax_t kLargeLog = 4 << 20, kHugeLog = 64 << 20;  // bytes
constexpr milliseconds kTidyEach{250}, kTidyWait{1000};
constexpr std::int64_t kOwnerBytes = std::int64_t{1} << 61;  // the setup's, then those of owners
constexpr std::int64_t kQueueBytes = std::int64_t{1} << 62;  // from here on a byte stands for a queue
static_assert(kOwnerBytes > ByteLocks::kFreeBytes);

const std::string& existing_or_new(const std::string& path, Access access) {
  std::error_code error;
  if (access == Access::create || std::filesystem::exists(path, error) || error) return path;
  throw Error(ErrorKind::missing,
              fmt::format("there is no store {}; publish to it first, or create it with --declare", path));
}

sqlite::Database::Open open_for(Access access) {
  return access == Access::look ? sqlite::Database::Open::look : sqlite::Database::Open::create;
}

// No limit is a day: someone looks at it before.
milliseconds limit_of(milliseconds timeout) {
  return timeout.count() != 0 ? timeout : milliseconds(std::chrono::hours(24));
}

bool has_store(sqlite::Database& database) {
  return database.integer("SELECT count(*) FROM sqlite_schema WHERE name = 'iso_meta'") != 0;
}

// Text is read as its bytes.
void check_encoding(sqlite::Database& database) {
  if (database.integer("SELECT encoding <> 'UTF-8' FROM pragma_encoding") != 0)
    throw Error(ErrorKind::io,
                fmt::format("{} is a database in UTF-16; a store needs one in UTF-8", database.path()));
}

}  // namespace

// ---- owners

std::int64_t Owners::register_owner() {
  std::random_device random;
  for (int tries = 0; tries < 100; ++tries) {
    const std::int64_t owner = 1 + static_cast<std::int64_t>(random()) * 1024 + random() % 1024;
    if (locks_.try_lock(kOwnerBytes + owner)) return own_ = owner;
  }
  throw Error(ErrorKind::unavailable, "the store's locks are all held by another process");
}

bool Owners::try_lock_queue(std::string_view queue) {
  return locks_.try_lock(kQueueBytes | static_cast<std::int64_t>(hash64(queue) >> 2));
}

bool Owners::is_alive(std::int64_t owner) const {
  return owner == own_ || locks_.is_locked(kOwnerBytes + owner);
}

// ---- the file

SqliteFile::SqliteFile(const std::string& path, const StoreOptions& options, Access access,
                       milliseconds timeout, const Clock& clock)
    : options_(options),
      timeout_(limit_of(timeout)),
      database_(existing_or_new(path, options.adopt && access == Access::use ? Access::create : access),
                open_for(access), timeout_),
      clock_(clock) {
  database_.distrust_schema();
  database_.set_step_limit(timeout_);
  if (access == Access::look && database_.is_still()) {
    check_store(database_);
    if (store_version(database_) != kStoreVersion)
      throw Error(ErrorKind::io, fmt::format("{}: a store of version {} in a folder that cannot be written",
                                             database_.path(), store_version(database_)));
    return;
  }
  owners_.emplace(database_.path());
  set_up();
}

void check_store(sqlite::Database& database) {
  std::error_code error;
  if (const auto names = std::filesystem::hard_link_count(database.path(), error); !error && names > 1)
    throw Error(ErrorKind::io,
                fmt::format("{} has {} names (hard links), and SQLite keeps a log for each name, which would "
                            "damage it; leave it one name, or use a copy",
                            database.path(), names));
  if (!has_store(database))
    throw Error(ErrorKind::io, fmt::format("{} is not an iso store", database.path()));
  check_encoding(database);
  auto other = database.query(
      "SELECT name, type FROM sqlite_schema WHERE name IN ('iso_meta', 'iso_exchanges', 'iso_queues', "
      "'iso_bindings', 'iso_messages', 'iso_owners', 'iso_claims', 'iso_acks') AND type <> 'table'");
  if (other.step())
    throw Error(ErrorKind::io, fmt::format("{}: {} is a {}, not a table of iso", database.path(),
                                           other.text(0), other.text(1)));
}

std::string store_id(sqlite::Database& database) {
  auto row = database.query("SELECT value FROM iso_meta WHERE name = 'store_id'");
  return row.step() ? std::string(row.text(0)) : std::string();
}

std::int64_t store_version(sqlite::Database& database) {
  const auto version = database.integer("SELECT value FROM iso_meta WHERE name = 'version'");
  if (version < 1 || version > kStoreVersion)
    throw Error(ErrorKind::io, fmt::format("{}: a store of version {}; this iso knows version {}",
                                           database.path(), version, kStoreVersion));
  return version;
}

bool SqliteFile::is_set_up() {
  if (!has_store(database_)) return false;
  check_store(database_);
  if (store_version(database_) != kStoreVersion) return false;
  auto journal = database_.query("PRAGMA journal_mode");
  return journal.step() && journal.text(0) == "wal";
}

void SqliteFile::set_up() {
  if (!is_set_up()) {
    const sqlite::SetupTurn turn(owners_->locks(), kOwnerBytes, timeout_, path());
    if (!is_set_up()) make_store();
  }
  database_.execute("PRAGMA journal_size_limit=67108864; PRAGMA cache_size=-8000; PRAGMA temp_store=MEMORY");
}

void SqliteFile::make_store() {
  const bool ours = has_store(database_);
  const bool empty = database_.integer("SELECT count(*) FROM sqlite_schema") == 0;
  if (!ours && !empty && !options_.adopt)
    throw Error(
        ErrorKind::io,
        fmt::format(
            "{} is a database of another program; sqlite:{}?adopt=yes puts a store's tables beside its own",
            path(), path()));
  check_encoding(database_);
  const auto old_version = ours ? store_version(database_) : 0;
  database_.execute("PRAGMA journal_mode=WAL");
  if (old_version != kStoreVersion) make_tables(old_version);
}

void SqliteFile::make_tables(std::int64_t old_version) {
  sqlite::Transaction transaction(database_);
  const bool empty = database_.integer("SELECT count(*) FROM sqlite_schema") == 0;
  if (empty) database_.execute(fmt::format("PRAGMA application_id={}", kStoreApplicationId));
  if (empty || database_.integer("PRAGMA application_id") == kStoreApplicationId)
    database_.execute(fmt::format("PRAGMA user_version={}", kStoreVersion));
  database_.execute(old_version != 0 ? kStoreUpgrade : kStoreSchema);
  transaction.commit();
}

void SqliteFile::prepare_turn(Sync how) {
  database_.set_lock_wait(StoreEngine::kTurn);
  sync(how);
}

void SqliteFile::prepare_set_up(Sync how) {
  database_.set_lock_wait(timeout_);
  sync(how);
}

void SqliteFile::sync(Sync how) {
  if (sync_ == how) return;
  database_.execute(how == Sync::every_commit && options_.sync ? "PRAGMA synchronous=FULL"
                                                               : "PRAGMA synchronous=NORMAL");
  sync_ = how;
}

void SqliteFile::must_have_changed(std::string_view what) {
  if (database_.changes() == 0)
    throw Error(ErrorKind::io,
                fmt::format("{}: {} had no effect; has another program put a trigger there?", path(), what));
}

void SqliteFile::tidy() {
  const auto now = clock_.steady();
  if (now < next_tidy_) return;
  next_tidy_ = now + kTidyEach;
  const auto log = database_.log_bytes();
  if (log < kLargeLog) return;
  // A process that reads all the time must not make the log grow for ever: then it is worth a wait.
  database_.set_lock_wait(log < kHugeLog ? milliseconds(0) : kTidyWait);
  database_.empty_log();
  database_.set_lock_wait(StoreEngine::kTurn);
}

}  // namespace iso::store
