#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/private_file.h"
#include "base/sqlite.h"

namespace iso::sqlite {

// How a database file of iso is recognised, and the statements that create its tables.
struct Schema {
  std::int64_t application_id = 0;
  std::int64_t version = 0;
  std::string_view tables;
  std::string_view what;  // "cache", for people
};

// Creates the tables of `schema` in an empty database, with a write-ahead log. If many processes come at
// once, one of them does it, under the lock of byte 0; a database that is set up needs no lock. A power
// failure may then cost the last commits, but not the file, and closing does not wait for the disk. Throws
// ErrorKind::io if it contains something else; ErrorKind::unavailable if another process has been setting it
// up for two seconds.
void set_up(Database& database, const Schema& schema, ByteLocks& locks);

inline constexpr std::int64_t kSetUpByte = 0;

// Holds the lock of the process that sets a file up. Throws ErrorKind::unavailable if another process held it
// for `limit`, or a signal ended the wait.
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
