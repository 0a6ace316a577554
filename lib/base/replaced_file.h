#pragma once

#include <optional>
#include <string>
#include <sys/types.h>

#include "base/file.h"

namespace iso {

// A file that a command writes. An existing file stays untouched until there is something to write; then a
// new file, created beside it for its owner alone (0600, or the mode of the old file), takes its name. A
// device or a FIFO is written directly.
class ReplacedFile {
 public:
  // Changes nothing. Throws ErrorKind::io if `path` cannot be written: its folder is missing, permission is
  // denied, it is a folder, or a FIFO that nobody reads.
  explicit ReplacedFile(const std::string& path);

  // Where to write. The first call replaces the old file. Throws ErrorKind::io.
  Output& output();

  // The command succeeded: replaces the old file even if there was nothing to write. Throws ErrorKind::io.
  void finish() { output().write_all(); }

 private:
  Descriptor make_beside() const;

  std::string path_;            // without symbolic links, if it is there
  std::optional<mode_t> mode_;  // of the regular file that is there
  bool in_place_ = false;       // no file can be created in its folder
  std::optional<Output> output_;
};

}  // namespace iso
