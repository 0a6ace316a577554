#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/private_file.h"
#include "base/sqlite.h"

namespace iso::sqlite {

// What a file of ours is known by, and the statements that make its tables.
struct Schema {
  std::int64_t application_id = 0;
  std::int64_t version = 0;
  std::string_view tables;
  std::string_view what;  // "cache", for people
};

// Makes an empty database what `schema` says, with a write-ahead log; many processes may come at once, one of
// them does it, under the lock of byte 0, and a database that is set up needs no lock. A power cut may then
// cost the last commits, and never the file; the last to close waits for no disk. Throws ErrorKind::io: it
// holds something else. ErrorKind::unavailable: another process has been setting it up for two seconds.
void set_up(Database& database, const Schema& schema, ByteLocks& locks);

inline constexpr std::int64_t kSetUpByte = 0;

// The lock of the one who sets a file up, for as long as this lives. Throws ErrorKind::unavailable when
// another has held it for `limit`, or a signal ended the wait.
class SetupTurn {
 public:
  SetupTurn(ByteLocks& locks, std::int64_t byte, std::chrono::milliseconds limit, const std::string& path);
  SetupTurn(const SetupTurn&) = delete;
  ~SetupTurn() { locks_.unlock(byte_); }

 private:
  ByteLocks& locks_;
  std::int64_t byte_;
};

}  // namespace iso::sqlite
