#pragma once

#include <cstdint>
#include <string>

#include "base/file.h"

namespace iso {

// Creates the folder, and its parents, for the owner alone (0700) if missing. Throws ErrorKind::io.
void make_private_folder(const std::string& folder);

// Creates the file for its owner alone (0600), and its folder, if missing. Returns the path. Throws
// ErrorKind::io.
std::string make_private_file(const std::string& path);

// Locks between processes on single bytes of a file; the caller decides what each byte stands for. The kernel
// frees them when their holder dies. They belong to the open file, so two in one process exclude each other
// too, and to the file itself, whatever name it was opened by. Nothing here waits: any process that may read
// the file can hold a lock for ever.
class ByteLocks {
 public:
  // A file used only for locks: created (0600) if missing; a symbolic link is refused. Throws ErrorKind::io.
  explicit ByteLocks(const std::string& path);
  // On an existing database. SQLite's own locks are below kFreeBytes.
  struct Database {
    const std::string& path;
  };
  explicit ByteLocks(Database database);
  ByteLocks(ByteLocks&&) = delete;
  ~ByteLocks();

  bool try_lock(std::int64_t byte);  // false: another holds it
  void unlock(std::int64_t byte);
  void unlock_all();
  bool is_locked(std::int64_t byte) const;  // by another; also true if that cannot be found out

  static constexpr std::int64_t kFreeBytes = std::int64_t{1} << 32;

 private:
  Descriptor file_;
  bool shared_ = false;  // with SQLite
};

}  // namespace iso
