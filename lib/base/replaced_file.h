#pragma once

#include <optional>
#include <string>
#include <sys/types.h>

#include "base/file.h"

namespace iso {

// A file that a command writes. An existing file stays untouched until there is something to write, or until
// all is written; then a new file, created beside it for its owner alone (0600, or the mode of the old file),
// takes its name. A device or a FIFO is written directly.
class ReplacedFile {
 public:
  enum class When { written_to, finished };  // the old file is replaced

  // Changes nothing. Throws ErrorKind::io if `path` cannot be written: its folder is missing, permission is
  // denied, it is a folder, or a FIFO that nobody reads.
  explicit ReplacedFile(const std::string& path, When when = When::written_to);
  ReplacedFile(const ReplacedFile&) = delete;
  ReplacedFile& operator=(const ReplacedFile&) = delete;
  ~ReplacedFile();  // what is not finished is gone, if that was waited for

  // Where to write. With When::written_to the first call replaces the old file. Throws ErrorKind::io.
  Output& output();

  // The command succeeded: replaces the old file even if there was nothing to write. Throws ErrorKind::io.
  void finish();

  const std::string& path() const { return path_; }  // without symbolic links, if it was there

 private:
  Descriptor make_beside();
  void take_name();

  std::string path_;
  std::string beside_;  // the new file, until it has its name
  When when_;
  std::optional<mode_t> mode_;  // of the regular file that is there
  bool in_place_ = false;       // no file can be created in its folder
  std::optional<Output> output_;
};

}  // namespace iso
