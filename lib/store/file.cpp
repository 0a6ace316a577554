#include "store/file.h"

#include <filesystem>
#include <fmt/core.h>
#include <map>
#include <random>
#include <vector>

#include "base/duration.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/sqlite_setup.h"
#include "base/url_options.h"
#include "store/schema.h"

namespace iso::store {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::uintmax_t kLargeLog = 4 << 20, kHugeLog = 64 << 20;  // bytes
constexpr milliseconds kTidyEach{250}, kTidyWait{1000};
constexpr milliseconds kToldAfter{5000};
constexpr const char* kRetain = "7d";
constexpr std::int64_t kOwnerBytes = std::int64_t{1} << 61;  // the setup's, then those of owners
constexpr std::int64_t kQueueBytes = std::int64_t{1} << 62;  // from here on a byte stands for a queue
static_assert(kOwnerBytes > ByteLocks::kFreeBytes);

bool adopts(const Url& url) {
  check_options(url);
  const auto adopt = url.option("adopt", "no");
  if (adopt != "yes" && adopt != "no")
    throw Error(ErrorKind::usage, fmt::format("{}: adopt is yes or no", redacted(url)));
  return adopt == "yes";
}

std::string existing_or_new(const Url& url, Access access) {
  std::error_code error;
  if (access == Access::create || std::filesystem::exists(url.path, error) || error) return url.path;
  throw Error(
      ErrorKind::missing,
      fmt::format("there is no store {}; publish to it first, or create it with --declare", url.path));
}

sqlite::Database::Open open_for(Access access) {
  return access == Access::look ? sqlite::Database::Open::look : sqlite::Database::Open::create;
}

std::int64_t retention_of(const Url& url) {
  return parse_duration(url.option("retain", kRetain)).count();
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

// ---- being locked out

std::optional<milliseconds> LockedOut::duration() const {
  if (!since_) return std::nullopt;
  return std::chrono::duration_cast<milliseconds>(steady_clock::now() - *since_);
}

void LockedOut::locked() {
  if (!since_) since_ = steady_clock::now() - StoreFile::kTurnWait;
  const auto now = *duration();
  if (text_.empty() && now >= kToldAfter)
    text_ = fmt::format("{}: locked by another process for {} s", database_.path(), now.count() / 1000);
}

// ---- the file

StoreFile::StoreFile(const Url& url, Access access, milliseconds timeout)
    : adopt_(store::adopts(url)),
      database_(existing_or_new(url, adopt_ && access == Access::use ? Access::create : access),
                open_for(access), limit_of(timeout)),
      retain_ms_(retention_of(url)) {
  const auto sync = url.option("sync", "full");
  if (sync != "full" && sync != "normal")
    throw Error(ErrorKind::usage, fmt::format("{}: sync is full or normal", redacted(url)));
  full_ = sync == "full";
  database_.distrust_schema();
  database_.set_step_limit(limit_of(timeout));
  if (access == Access::look && database_.is_still()) {
    check_store(database_);
    if (store_version(database_) != kStoreVersion)
      throw Error(ErrorKind::io, fmt::format("{}: a store of version {} in a folder that cannot be written",
                                             path(), store_version(database_)));
    return;
  }
  owners_.emplace(path());
  set_up(limit_of(timeout));
  release_dead_owners();
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

std::int64_t store_version(sqlite::Database& database) {
  const auto version = database.integer("SELECT value FROM iso_meta WHERE name = 'version'");
  if (version < 1 || version > kStoreVersion)
    throw Error(ErrorKind::io, fmt::format("{}: a store of version {}; this iso knows version {}",
                                           database.path(), version, kStoreVersion));
  return version;
}

bool StoreFile::is_set_up() {
  if (!has_store(database_)) return false;
  check_store(database_);
  if (store_version(database_) != kStoreVersion) return false;
  auto journal = database_.query("PRAGMA journal_mode");
  return journal.step() && journal.text(0) == "wal";
}

void StoreFile::set_up(milliseconds timeout) {
  if (!is_set_up()) {
    const sqlite::SetupTurn turn(owners_->locks(), kOwnerBytes, timeout, path());
    if (!is_set_up()) make_store();
  }
  database_.execute("PRAGMA journal_size_limit=67108864; PRAGMA cache_size=-8000; PRAGMA temp_store=MEMORY");
  sync_commits(true);
}

void StoreFile::make_store() {
  const bool ours = has_store(database_);
  const bool empty = database_.integer("SELECT count(*) FROM sqlite_schema") == 0;
  if (!ours && !empty && !adopt_)
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

void StoreFile::make_tables(std::int64_t old_version) {
  sqlite::Transaction transaction(database_);
  const bool empty = database_.integer("SELECT count(*) FROM sqlite_schema") == 0;
  if (empty) database_.execute(fmt::format("PRAGMA application_id={}", kStoreApplicationId));
  if (empty || database_.integer("PRAGMA application_id") == kStoreApplicationId)
    database_.execute(fmt::format("PRAGMA user_version={}", kStoreVersion));
  database_.execute(old_version != 0 ? kStoreUpgrade : kStoreSchema);
  transaction.commit();
}

void StoreFile::sync_commits(bool full) {
  database_.execute(full && full_ ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");
}

void StoreFile::release_dead_owners() {
  std::vector<std::int64_t> dead;
  {
    auto owners = database_.query("SELECT owner FROM iso_owners");
    while (owners.step())
      if (!owners_->is_alive(owners.integer(0))) dead.push_back(owners.integer(0));
  }
  if (dead.empty()) return;
  sqlite::Transaction transaction(database_);
  for (const auto owner : dead) end_owner(owner);
  transaction.commit();
}

void StoreFile::end_owner(std::int64_t owner) {
  database_
      .query(
          "UPDATE iso_messages SET redeliveries = redeliveries + 1 WHERE seq IN (SELECT seq FROM iso_claims "
          "WHERE owner = ?)")
      .bind(owner)
      .run();
  database_.query("DELETE FROM iso_claims WHERE owner = ?").bind(owner).run();
  database_.query("DELETE FROM iso_messages WHERE queue IN (SELECT name FROM iso_queues WHERE owner = ?)")
      .bind(owner)
      .run();
  database_.query("DELETE FROM iso_bindings WHERE queue IN (SELECT name FROM iso_queues WHERE owner = ?)")
      .bind(owner)
      .run();
  database_.query("DELETE FROM iso_queues WHERE owner = ?").bind(owner).run();
  if (database_.changes() != 0) changed_topology();
  database_.query("DELETE FROM iso_owners WHERE owner = ?").bind(owner).run();
}

void StoreFile::changed_topology() {
  database_.query("UPDATE iso_meta SET value = value + 1 WHERE name = 'topology'").run();
}

void StoreFile::create_exchange(std::string_view name, std::string_view type) {
  database_.query("INSERT OR IGNORE INTO iso_exchanges(name, type) VALUES(?, ?)").bind(name).bind(type).run();
  changed_topology();
}

void StoreFile::create_queue(std::string_view name, std::int64_t owner) {
  database_.query("INSERT OR IGNORE INTO iso_queues(name, owner) VALUES(?, ?)").bind(name).bind(owner).run();
  changed_topology();
}

void StoreFile::create_binding(std::string_view exchange, std::string_view queue,
                               std::string_view routing_key) {
  database_.query("INSERT OR IGNORE INTO iso_bindings(exchange, queue, routing_key) VALUES(?, ?, ?)")
      .bind(exchange)
      .bind(queue)
      .bind(routing_key)
      .run();
  changed_topology();
}

bool StoreFile::has_exchange(std::string_view name) {
  return database_.query("SELECT 1 FROM iso_exchanges WHERE name = ?").bind(name).step();
}

bool StoreFile::has_queue(std::string_view name) {
  return database_
      .query(
          "SELECT 1 FROM iso_queues WHERE name = ?1 UNION ALL SELECT 1 FROM iso_messages WHERE queue = ?1 "
          "AND "
          "state = 0 LIMIT 1")
      .bind(name)
      .step();
}

std::string StoreFile::id() {
  auto row = database_.query("SELECT value FROM iso_meta WHERE name = 'store_id'");
  row.step();
  return std::string(row.text(0));
}

void StoreFile::prune(std::int64_t now_ms, std::int64_t most) {
  delete_done("SELECT seq FROM iso_messages WHERE state = 1 AND state_ms < ?1 ORDER BY state_ms LIMIT ?2",
              now_ms - retain_ms_, most);
}

void StoreFile::delete_done(std::string_view select, std::int64_t first, std::int64_t second) {
  static std::map<std::string_view, std::string> statements;  // each has one text, to be prepared once
  auto& sql = statements[select];
  if (sql.empty())
    sql = fmt::format(
        "DELETE FROM iso_messages WHERE ?2 IS NOT NULL AND seq IN ({}) RETURNING queue, created_ms", select);
  std::map<std::string, std::int64_t, std::less<>> last;
  {
    auto row = database_.query(sql);
    row.bind(first).bind(second);
    while (row.step()) {
      auto& known = last[std::string(row.text(0))];
      known = std::max(known, row.integer(1));
    }
  }
  for (const auto& [queue, created_ms] : last)
    database_
        .query(
            "INSERT INTO iso_meta(name, value) VALUES('pruned/' || ?1, ?2) "
            "ON CONFLICT(name) DO UPDATE SET value = max(value, excluded.value)")
        .bind(queue)
        .bind(created_ms)
        .run();
}

std::int64_t pruned_up_to(sqlite::Database& database, std::string_view queue) {
  auto row = database.query("SELECT value FROM iso_meta WHERE name = 'pruned/' || ?");
  return row.bind(queue).step() ? row.integer(0) : 0;
}

void StoreFile::must_have_changed(std::string_view what) {
  if (database_.changes() == 0)
    throw Error(ErrorKind::io,
                fmt::format("{}: {} had no effect; has another program put a trigger there?", path(), what));
}

void StoreFile::tidy() {
  const auto now = steady_clock::now();
  if (now < next_tidy_) return;
  next_tidy_ = now + kTidyEach;
  const auto log = database_.log_bytes();
  if (log < kLargeLog) return;
  // Someone who reads all the time must not make the log grow for ever: then it is worth a wait.
  database_.set_lock_wait(log < kHugeLog ? milliseconds(0) : kTidyWait);
  try {
    database_.execute("PRAGMA wal_checkpoint(TRUNCATE)");
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::unavailable) throw;  // someone reads: another time
  }
  database_.set_lock_wait(kTurnWait);
}

}  // namespace iso::store
