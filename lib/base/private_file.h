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
// their holder dies. Each open file has its own, in one process too.
class ByteLocks {
 public:
  explicit ByteLocks(const std::string& path);  // made private if missing; throws ErrorKind::io

  bool try_lock(std::int64_t byte);  // false: another holds it
  void lock(std::int64_t byte);      // waits; throws ErrorKind::io
  void unlock(std::int64_t byte);
  void unlock_all();
  bool is_locked(std::int64_t byte) const;  // by another; true also where that cannot be known

 private:
  Descriptor file_;
  std::string path_;
};

}  // namespace iso
