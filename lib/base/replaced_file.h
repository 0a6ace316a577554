#pragma once

#include <optional>
#include <string>
#include <sys/types.h>

#include "base/file.h"

namespace iso {

// A file that a command writes. What is there stays untouched until there is something to write: then a new
// file, made beside it and for its owner alone (0600, or with the mode of what was there), takes its name.
// A device or a FIFO is written as it is.
class ReplacedFile {
 public:
  // Touches nothing, but throws ErrorKind::io if `path` cannot be written: no such folder, no permission, a
  // folder, a FIFO that nobody reads.
  explicit ReplacedFile(const std::string& path);

  // Where to write. What was there is gone once this was called. Throws ErrorKind::io.
  Output& output();

  // The command ended well: what was there is gone, also if there was nothing to write. Throws ErrorKind::io.
  void finish() { output().write_all(); }

 private:
  Descriptor make_beside() const;

  std::string path_;            // without symbolic links, if it is there
  std::optional<mode_t> mode_;  // of the regular file that is there
  bool in_place_ = false;       // its folder takes no new file
  std::optional<Output> output_;
};

}  // namespace iso
