#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/private_file.h"
#include "base/sqlite.h"
#include "http/body.h"
#include "http_cache/keyed_digest.h"
#include "http_cache/policy.h"

namespace iso::http_cache {

// What a response is stored under: the exact URL without its fragment, and the user. `identity` is a keyed
// digest of credentials, so that one user's responses are never served to another; "" for none.
struct CacheKey {
  std::string url, identity;

  std::string text() const { return url + '\n' + identity; }
};

// A stored response with its body.
struct CacheEntry {
  std::int64_t id = 0;
  Stored stored;
  http::Body body;
  http::Seconds used{0};  // when it was last used, to the minute
};

// Stores responses in one SQLite file that all processes of a user share, and large bodies in files beside
// it. An entry is one row with its validator, fields, body or the body's file name, and a hash over all of
// it, so it is stored completely or not at all. Entries that cannot be read or whose hash does not match are
// treated as missing.
//
// Throws ErrorKind::io and ErrorKind::unavailable if the file has a problem. The cache is never the only
// source of a response, so the caller can continue without it.
class Cache {
 public:
  // Creates the file, readable by its owner only, if it is missing. Throws ErrorKind::io if the file belongs
  // to another user, is damaged, or can be written by others. `most_bytes` limits all entries together; the
  // least recently used ones are evicted first.
  explicit Cache(const std::string& path, std::uint64_t most_bytes = std::uint64_t{256} << 20);

  ~Cache();

  // Made with the key that is stored beside the file.
  const KeyedDigest& digest() const { return digest_; }

  std::vector<CacheEntry> find(const CacheKey& key);

  // Stores a response, replacing those of the same key with the same selecting fields.
  void store(const CacheKey& key, const Stored& stored, const http::Body& body);
  // Updates the fields of an entry after validation. False: the entry is gone.
  bool freshen(std::int64_t id, const Stored& stored, const http::Body& body);
  // Removes all variants of this URL, for all users.
  void remove(std::string_view url);
  void touch(const CacheEntry& entry, http::Seconds now);

  // The folder in which to spool large bodies, so that they can be stored without a copy.
  const std::string& folder() const { return folder_; }

  // Commits all changes since the last call as one transaction, and evicts entries over the limit. Called
  // once per round, so that a thousand small responses need few commits.
  void commit();

  // Rolls back uncommitted changes and releases all locks; for a file that cannot be used any more, so that
  // other processes need not wait for this one to exit.
  void give_up();

  // Takes the lock that allows one process to request this key from its origin; the kernel releases it if the
  // process dies. False: another process holds it.
  bool lock(const CacheKey& key);
  void unlock(const CacheKey& key);

 private:
  struct Row {
    std::int64_t id;
    std::string object;  // the name of the body's file; "": the body is in the row
  };

  std::string written_url(std::string_view url) const;
  void forget_old_version();
  void begin();
  void insert(const CacheKey& key, const Stored& stored, const http::Body& body);
  std::string keep_aside(const http::Body& body);
  http::Body load_body(std::string_view inline_bytes, const std::string& object, std::int64_t size);
  void evict();
  void sweep();
  static std::vector<Row> rows_of(sqlite::Query query);
  void drop(const Row& entry);

  std::string path_, folder_;
  KeyedDigest digest_;
  std::uint64_t most_bytes_;
  std::unique_ptr<sqlite::Database> database_;
  ByteLocks locks_;
  std::optional<sqlite::Transaction> changes_;
  std::vector<std::string> unlink_after_, unlink_if_undone_;  // files of rows being removed, or being added
};

}  // namespace iso::http_cache
