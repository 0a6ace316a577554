#pragma once

#include <cstdint>
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

}  // namespace iso::sqlite
