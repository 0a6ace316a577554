#include "http_cache/cache.h"

#include <chrono>
#include <filesystem>
#include <fmt/core.h>
#include <random>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/sqlite_setup.h"
#include "http_cache/owner.h"
#include "http_cache/row.h"

namespace iso::http_cache {
namespace {

constexpr std::int64_t kApplicationId = 0x69736f63;  // "isoc"
constexpr std::int64_t kVersion = 2;
constexpr std::size_t kInRow = std::size_t{256} << 10;  // larger bodies are stored in files
constexpr http::Seconds kUseIsKept{60};
constexpr int kEvictAtOnce = 100;
constexpr std::chrono::hours kOrphanAge{1};
constexpr int kLargeLog = 1000, kLongLog = 50;  // pages of 4 KiB: while running; at exit

constexpr std::string_view kSchema = R"(
CREATE TABLE entries(
  id INTEGER PRIMARY KEY,
  url TEXT NOT NULL,
  identity TEXT NOT NULL,
  used INTEGER NOT NULL,
  size INTEGER NOT NULL,
  status INTEGER NOT NULL,
  request_s INTEGER NOT NULL,
  response_s INTEGER NOT NULL,
  selecting BLOB NOT NULL,
  fields BLOB NOT NULL,
  hash BLOB NOT NULL,
  object TEXT NOT NULL,
  body_size INTEGER NOT NULL,
  body BLOB NOT NULL
) STRICT;
CREATE INDEX entries_by_url ON entries(url, identity);
CREATE INDEX entries_by_use ON entries(used);
CREATE TABLE total(bytes INTEGER NOT NULL) STRICT;
INSERT INTO total VALUES(0);
CREATE TRIGGER entry_added AFTER INSERT ON entries BEGIN UPDATE total SET bytes = bytes + new.size; END;
CREATE TRIGGER entry_gone AFTER DELETE ON entries BEGIN UPDATE total SET bytes = bytes - old.size; END;
)";

std::int64_t byte_of(const CacheKey& key) {
  const std::string whole = key.text();
  return static_cast<std::int64_t>(hash64(whole) >> 2) | 1;
}

std::string fresh_name() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}{:08x}", random(), random(), random());
}

// Whether fresh_name() could have made the name: a row written by somebody else could name any file.
bool is_object_name(std::string_view name) {
  return name.size() == 24 && name.find_first_not_of("0123456789abcdef") == name.npos;
}

// Returns `path` after checking that nothing at it belongs to another user.
const std::string& own_path(const std::string& path) {
  check_owner(path);
  make_private_file(path);
  return path;
}

}  // namespace

Cache::Cache(const std::string& path, std::uint64_t most_bytes)
    : path_(own_path(path)),
      folder_(path_ + "-bodies"),
      digest_(read_or_make_key(path_ + "-key")),
      most_bytes_(most_bytes),
      locks_(path_ + "-locks") {
  make_private_folder(folder_);
  database_ = std::make_unique<sqlite::Database>(path_, sqlite::Database::Open::create);
  forget_old_version();
  sqlite::set_up(*database_, {kApplicationId, kVersion, kSchema, "cache"}, locks_);
}

Cache::~Cache() {
  try {
    if (database_->wal_pages() <= kLongLog) return;
    // A long log would grow with each process, since the next one does not know how much of it was
    // checkpointed.
    database_->set_lock_wait(std::chrono::milliseconds(0));
    database_->empty_log();
  } catch (const Error&) {  // the next process will do it
  }
}

// Version 1 stored credentials and unkeyed hashes of them: deletes everything, also from the disk.
void Cache::forget_old_version() {
  if (database_->integer("PRAGMA application_id") != kApplicationId ||
      database_->integer("PRAGMA user_version") != 1)
    return;
  database_->execute("PRAGMA secure_delete=ON; DELETE FROM entries");
  database_->execute("PRAGMA wal_checkpoint(TRUNCATE); VACUUM");
  database_->execute("PRAGMA wal_checkpoint(TRUNCATE)");
  database_->execute(fmt::format("PRAGMA user_version={}", kVersion));
}

// Replaces the query by a digest, since it may hold a token.
std::string Cache::written_url(std::string_view url) const {
  const auto query = url.find('?');
  if (query == url.npos) return std::string(url);
  return std::string(url.substr(0, query + 1)) + digest_(url.substr(query + 1));
}

std::vector<CacheEntry> Cache::find(const CacheKey& key) {
  const std::string url = written_url(key.url);
  std::vector<CacheEntry> found;
  auto rows = database_->query(
      "SELECT id, status, request_s, response_s, selecting, fields, hash, object, body_size, body, used FROM "
      "entries WHERE url = ? AND identity = ?");
  rows.bind(url).bind(key.identity);
  while (rows.step()) {
    CacheEntry entry;
    entry.id = rows.integer(0);
    entry.stored.response.status = static_cast<int>(rows.integer(1));
    entry.stored.times = {http::Seconds(rows.integer(2)), http::Seconds(rows.integer(3))};
    entry.stored.selecting = read_fields(rows.text(4));
    entry.stored.response.fields = read_fields(rows.text(5));
    entry.stored.length = static_cast<std::uint64_t>(rows.integer(8));
    entry.used = http::Seconds(rows.integer(10));
    try {
      entry.body = load_body(rows.text(9), std::string(rows.text(7)), rows.integer(8));
    } catch (const Error&) {
      continue;  // another process has just replaced the entry, or the file was deleted
    }
    if (row_hash(url, entry.stored, entry.body.bytes()) == rows.text(6)) found.push_back(std::move(entry));
  }
  return found;
}

http::Body Cache::load_body(std::string_view in_row, const std::string& object, std::int64_t size) {
  if (object.empty()) return http::Body(std::string(in_row));
  if (!is_object_name(object)) throw Error(ErrorKind::io, "no name of a body");
  http::Body body(open_to_read(folder_ + "/" + object));
  if (body.size() != static_cast<std::size_t>(size)) throw Error(ErrorKind::io, "cut short");
  return body;
}

void Cache::store(const CacheKey& key, const Stored& stored, const http::Body& body) {
  begin();
  const std::string selecting = written_fields(stored.selecting);
  const std::string url = written_url(key.url);
  auto same =
      database_->query("SELECT id, object FROM entries WHERE url = ? AND identity = ? AND selecting = ?");
  same.bind(url).bind(key.identity).bind_blob(selecting);
  for (const auto& entry : rows_of(std::move(same))) drop(entry);
  insert(key, stored, body);
}

void Cache::insert(const CacheKey& key, const Stored& stored, const http::Body& body) {
  const std::string object = body.size() > kInRow ? keep_aside(body) : std::string();
  const std::string selecting = written_fields(stored.selecting);
  const std::string fields = written_fields(stored.response.fields);
  const std::string url = written_url(key.url);
  const std::string hash = row_hash(url, stored, body.bytes());
  const std::size_t size = url.size() + selecting.size() + fields.size() + body.size() + 200;
  auto row = database_->query(
      "INSERT INTO entries(url, identity, used, size, status, request_s, response_s, selecting, fields, "
      "hash, "
      "object, body_size, body) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  row.bind(url)
      .bind(key.identity)
      .bind(stored.times.response.count())
      .bind(static_cast<std::int64_t>(size))
      .bind(stored.response.status)
      .bind(stored.times.request.count())
      .bind(stored.times.response.count())
      .bind_blob(selecting)
      .bind_blob(fields)
      .bind_blob(hash)
      .bind(object)
      .bind(static_cast<std::int64_t>(body.size()))
      .bind_blob(object.empty() ? body.bytes() : std::string_view());
  row.run();
}

// Creates the file before the row that names it. If the row is never committed, sweep() removes the file.
std::string Cache::keep_aside(const http::Body& body) {
  std::string name = fresh_name();
  const std::string path = folder_ + "/" + name;
  unlink_if_undone_.push_back(path);
  if (body.link_to(path)) return name;
  Output file(open_to_write(path), path);
  file.buffer() = body.bytes();
  file.write_all();
  chmod(path.c_str(), 0600);
  return name;
}

bool Cache::freshen(std::int64_t id, const Stored& stored, const http::Body& body) {
  begin();
  std::string url;
  {
    auto row = database_->query("SELECT url FROM entries WHERE id = ?");
    row.bind(id);
    if (!row.step()) return false;
    url = row.text(0);
  }
  const std::string selecting = written_fields(stored.selecting);
  const std::string fields = written_fields(stored.response.fields);
  const std::string hash = row_hash(url, stored, body.bytes());
  auto row = database_->query(
      "UPDATE entries SET request_s = ?, response_s = ?, selecting = ?, fields = ?, hash = ?, used = ? "
      "WHERE id = ? AND body_size = ?");
  row.bind(stored.times.request.count())
      .bind(stored.times.response.count())
      .bind_blob(selecting)
      .bind_blob(fields)
      .bind_blob(hash)
      .bind(stored.times.response.count())
      .bind(id)
      .bind(static_cast<std::int64_t>(body.size()));
  row.run();
  return database_->changes() == 1;
}

void Cache::remove(std::string_view asked) {
  begin();
  const std::string url = written_url(asked);
  auto all = database_->query("SELECT id, object FROM entries WHERE url = ?");
  all.bind(url);
  for (const auto& entry : rows_of(std::move(all))) drop(entry);
}

void Cache::touch(const CacheEntry& entry, http::Seconds now) {
  if (now - entry.used < kUseIsKept) return;
  begin();
  database_->query("UPDATE entries SET used = ? WHERE id = ?").bind(now.count()).bind(entry.id).run();
}

// Runs a query for id and object, and reads all rows before the first is dropped: rows must not be deleted
// while a query runs.
std::vector<Cache::Row> Cache::rows_of(sqlite::Query query) {
  std::vector<Row> rows;
  while (query.step()) rows.push_back({query.integer(0), std::string(query.text(1))});
  return rows;
}

void Cache::drop(const Row& entry) {
  database_->query("DELETE FROM entries WHERE id = ?").bind(entry.id).run();
  if (is_object_name(entry.object)) unlink_after_.push_back(folder_ + "/" + entry.object);
}

void Cache::begin() {
  if (!changes_) changes_.emplace(*database_);
}

void Cache::commit() {
  if (!changes_) return;
  evict();
  changes_->commit();
  changes_.reset();
  unlink_if_undone_.clear();
  for (const auto& path : unlink_after_) unlink(path.c_str());
  unlink_after_.clear();
  if (database_->wal_pages() > kLargeLog) database_->execute("PRAGMA wal_checkpoint(PASSIVE)");
}

// Evicts down to 90 %, so that not every response causes an eviction.
void Cache::evict() {
  const auto most = static_cast<std::int64_t>(most_bytes_);
  const auto is_over = [&](std::int64_t limit) {
    return database_->integer("SELECT bytes FROM total") > limit;
  };
  if (!is_over(most)) return;
  while (is_over(most / 10 * 9)) {
    auto oldest = database_->query("SELECT id, object FROM entries ORDER BY used, id LIMIT ?");
    oldest.bind(kEvictAtOnce);
    const auto entries = rows_of(std::move(oldest));
    if (entries.empty()) break;
    for (const auto& entry : entries) {
      drop(entry);
      if (!is_over(most / 10 * 9)) break;
    }
  }
  sweep();
}

// Removes files of processes that died before they committed the row, or before they could remove the file.
void Cache::sweep() {
  std::error_code error;
  for (const auto& file : std::filesystem::directory_iterator(folder_, error)) {
    struct stat status {};
    const std::string name = file.path().filename().string();
    if (stat(file.path().c_str(), &status) != 0) continue;
    const auto age = system_clock().wall() - std::chrono::system_clock::from_time_t(status.st_mtime);
    if (age < kOrphanAge || !is_object_name(name)) continue;
    auto row = database_->query("SELECT 1 FROM entries WHERE object = ?");
    row.bind(name);
    if (!row.step()) unlink(file.path().c_str());
  }
}

void Cache::give_up() {
  changes_.reset();
  for (const auto& path : unlink_if_undone_) unlink(path.c_str());
  unlink_if_undone_.clear();
  unlink_after_.clear();
  locks_.unlock_all();
}

bool Cache::lock(const CacheKey& key) {
  return locks_.try_lock(byte_of(key));
}

void Cache::unlock(const CacheKey& key) {
  locks_.unlock(byte_of(key));
}

}  // namespace iso::http_cache
