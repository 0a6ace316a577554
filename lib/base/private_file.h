#pragma once

#include <cstdint>
#include <string>

#include "base/file.h"

namespace iso {

// Makes the folder, and those above it, for its owner alone (0700) if it is missing. Throws ErrorKind::io.
void make_private_folder(const std::string& folder);

// Makes the file for its owner alone (0600) if it is missing, and its folder. Gives the path back. Throws
// ErrorKind::io.
std::string make_private_file(const std::string& path);

// Locks among processes on the bytes of a file, each for a thing of the caller's. The kernel frees them when
// their holder dies. Each open file has its own, in one process too. They are on the file itself, whatever
// name it was opened by. Nothing here waits: any process that may read the file can hold a lock for ever.
class ByteLocks {
 public:
  // A file that is for locks alone: made private (0600) if missing, and no link. Throws ErrorKind::io.
  explicit ByteLocks(const std::string& path);
  // On a database that is there. SQLite keeps its own locks below kFreeBytes.
  struct Database {
    const std::string& path;
  };
  explicit ByteLocks(Database database);
  ByteLocks(ByteLocks&&) = delete;
  ~ByteLocks();

  bool try_lock(std::int64_t byte);  // false: another holds it
  void unlock(std::int64_t byte);
  void unlock_all();
  bool is_locked(std::int64_t byte) const;  // by another; true also where that cannot be known

  static constexpr std::int64_t kFreeBytes = std::int64_t{1} << 32;

 private:
  Descriptor file_;
  bool shared_ = false;  // with SQLite
};

}  // namespace iso
