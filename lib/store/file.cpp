#include "store/file.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fmt/core.h>
#include <random>
#include <unistd.h>
#include <vector>

#include "base/duration.h"
#include "base/error.h"
#include "base/hash.h"
#include "store/schema.h"

namespace iso::store {
namespace {

constexpr int kLargeLog = 1000, kHugeLog = 16'000;  // pages of 4 KiB
constexpr const char* kRetain = "7d";
constexpr std::int64_t kQueueBytes = std::int64_t{1} << 62;  // from here on a byte stands for a queue

struct flock byte_lock(short type, std::int64_t byte) {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = byte;
  lock.l_len = 1;
  return lock;
}

std::string existing_or_new(const Url& url, bool create) {
  std::error_code error;
  if (!create && !std::filesystem::exists(url.path, error))
    throw Error(ErrorKind::missing,
                fmt::format("no store {}; publish to it first, or create it with --declare", url.path));
  return url.path;
}

Descriptor open_owners(const std::string& path) {
  const std::string name = path + "-owners";
  const int fd = open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (fd < 0) throw Error(ErrorKind::io, fmt::format("cannot open {}: {}", name, std::strerror(errno)));
  return Descriptor::own(fd);
}

std::int64_t retention_of(const Url& url) {
  return parse_duration(url.option("retain", kRetain)).count();
}

}  // namespace

// ---- owners

Owners::Owners(const std::string& path) : file_(open_owners(path)) {}

void Owners::lock_setup() {
  auto lock = byte_lock(F_WRLCK, 0);
  while (fcntl(file_.get(), F_OFD_SETLKW, &lock) != 0)
    if (errno != EINTR)
      throw Error(ErrorKind::io, fmt::format("cannot lock the store: {}", std::strerror(errno)));
}

void Owners::unlock_setup() {
  auto lock = byte_lock(F_UNLCK, 0);
  fcntl(file_.get(), F_OFD_SETLK, &lock);
}

std::int64_t Owners::join() {
  std::random_device random;
  for (int tries = 0; tries < 100; ++tries) {
    const std::int64_t owner = 1 + static_cast<std::int64_t>(random()) * 1024 + random() % 1024;
    auto lock = byte_lock(F_WRLCK, owner);
    if (fcntl(file_.get(), F_OFD_SETLK, &lock) == 0) return own_ = owner;
  }
  throw Error(ErrorKind::io, fmt::format("cannot lock the store: {}", std::strerror(errno)));
}

bool Owners::take_alone(std::string_view queue) {
  auto lock = byte_lock(F_WRLCK, kQueueBytes | static_cast<std::int64_t>(hash64(queue) >> 2));
  return fcntl(file_.get(), F_OFD_SETLK, &lock) == 0;
}

bool Owners::is_alive(std::int64_t owner) const {
  if (owner == own_) return true;
  auto lock = byte_lock(F_WRLCK, owner);
  return fcntl(file_.get(), F_OFD_GETLK, &lock) != 0 || lock.l_type != F_UNLCK;
}

// ---- the file

StoreFile::StoreFile(const Url& url, bool create)
    : database_(existing_or_new(url, create), sqlite::Database::Open::create),
      owners_(url.path),
      retain_ms_(retention_of(url)) {
  const auto sync = url.option("sync", "full");
  if (sync != "full" && sync != "normal")
    throw Error(ErrorKind::usage, fmt::format("{}: sync is full or normal", redacted(url)));
  full_ = sync == "full";
  owners_.lock_setup();
  set_up(url);
  owners_.unlock_setup();
  bury_the_dead();
}

std::int64_t store_version(sqlite::Database& database) {
  const auto version = database.integer("SELECT value FROM iso_meta WHERE name = 'version'");
  if (version < 1 || version > kStoreVersion)
    throw Error(ErrorKind::io, fmt::format("{}: a store of version {}; this iso knows version {}",
                                           database.path(), version, kStoreVersion));
  return version;
}

void StoreFile::set_up(const Url& url) {
  const bool ours = database_.integer("SELECT count(*) FROM sqlite_schema WHERE name = 'iso_meta'") != 0;
  const bool empty = database_.integer("SELECT count(*) FROM sqlite_schema") == 0;
  const bool adopt = url.option("adopt") == "yes";
  if (!ours && !empty && !adopt)
    throw Error(
        ErrorKind::io,
        fmt::format(
            "{} is a database of another program; sqlite:{}?adopt=yes puts a store's tables beside its own",
            path(), path()));
  const auto old_version = ours ? store_version(database_) : 0;
  database_.execute("PRAGMA journal_mode=WAL");
  database_.execute(
      "PRAGMA journal_size_limit=67108864; PRAGMA cache_size=-8000; PRAGMA "
      "temp_store=MEMORY");
  sync_commits(true);
  if (old_version == kStoreVersion) return;
  sqlite::Transaction transaction(database_);
  if (empty) database_.execute(fmt::format("PRAGMA application_id={}", kStoreApplicationId));
  if (empty || database_.integer("PRAGMA application_id") == kStoreApplicationId)
    database_.execute(fmt::format("PRAGMA user_version={}", kStoreVersion));
  database_.execute(ours ? kStoreUpgrade : kStoreSchema);
  transaction.commit();
}

void StoreFile::sync_commits(bool full) {
  database_.execute(full && full_ ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");
}

void StoreFile::bury_the_dead() {
  std::vector<std::int64_t> dead;
  {
    auto owners = database_.query("SELECT owner FROM iso_owners");
    while (owners.step())
      if (!owners_.is_alive(owners.integer(0))) dead.push_back(owners.integer(0));
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
  return database_.query("SELECT 1 FROM iso_queues WHERE name = ?").bind(name).step();
}

std::string StoreFile::id() {
  auto row = database_.query("SELECT value FROM iso_meta WHERE name = 'store_id'");
  row.step();
  return std::string(row.text(0));
}

void StoreFile::prune(std::int64_t now_ms, std::int64_t most) {
  database_
      .query(
          "DELETE FROM iso_messages WHERE seq IN "
          "(SELECT seq FROM iso_messages WHERE state = 1 AND state_ms < ? ORDER BY state_ms LIMIT ?)")
      .bind(now_ms - retain_ms_)
      .bind(most)
      .run();
}

void StoreFile::checkpoint() {
  if (database_.wal_pages() < kLargeLog) return;
  // Someone who reads all the time must not make the log grow for ever: then it is worth a wait.
  database_.execute(database_.wal_pages() < kHugeLog ? "PRAGMA busy_timeout=0" : "PRAGMA busy_timeout=1000");
  try {
    database_.execute("PRAGMA wal_checkpoint(TRUNCATE)");
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::unavailable) throw;  // someone reads: another time
  }
  database_.execute("PRAGMA busy_timeout=5000");
}

}  // namespace iso::store
