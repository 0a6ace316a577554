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

// What a response is stored under: the URL without fragment, to the byte, and who asked. `identity` is a
// keyed digest of credentials, so that what one user may see is never shown to another; "" for none.
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

// Stored responses in one SQLite file, shared by all processes of a user; bodies that are large in files
// beside it. An entry is one row with its validator, fields, body or the body's name, and a hash over all of
// it: it is there whole, or not at all. What cannot be read, or is not what was stored, is not in the cache.
//
// Throws ErrorKind::io and ErrorKind::unavailable for trouble with the file; no answer of an origin depends
// on it, so the caller goes on without.
class Cache {
 public:
  // Makes the file, readable by its owner alone, if it is missing. Throws ErrorKind::io if it is another's or
  // damaged, or others may write it.
  // `most_bytes` of all entries; what was not used for the longest time goes first.
  explicit Cache(const std::string& path, std::uint64_t most_bytes = std::uint64_t{256} << 20);

  ~Cache();

  // By the key that is kept beside the file.
  const KeyedDigest& digest() const { return digest_; }

  std::vector<CacheEntry> find(const CacheKey& key);

  // Stores a response in the place of those of the same key that its request would select.
  void store(const CacheKey& key, const Stored& stored, const http::Body& body);
  // The fields of an entry that was validated. False: the entry is gone.
  bool freshen(std::int64_t id, const Stored& stored, const http::Body& body);
  // All variants of all who asked for this URL.
  void remove(std::string_view url);
  void touch(const CacheEntry& entry, http::Seconds now);

  // Where large bodies are spooled, so that they can be stored without a copy.
  const std::string& folder() const { return folder_; }

  // Changes are one transaction from the first of them until this. Called once a round, so that a thousand
  // small responses cost few commits. Evicts what is too much.
  void commit();

  // What is not committed is not stored, and no right is held: for a file that is in trouble, so that others
  // need not wait for this process to end.
  void give_up();

  // Takes the one right, among all processes, to ask the origin for this key; the kernel frees it when its
  // holder dies. False: another process has it.
  bool lock(const CacheKey& key);
  void unlock(const CacheKey& key);

 private:
  struct Row {
    std::int64_t id;
    std::string object;  // the name of its body's file; "": the body is in the row
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
  std::vector<std::string> unlink_after_, unlink_if_undone_;  // bodies whose rows are going, or coming
};

}  // namespace iso::http_cache
