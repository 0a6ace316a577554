#pragma once

#include <string>
#include <string_view>
#include <sys/stat.h>
#include <vector>

#include "base/url.h"

namespace iso::cli {

// The files that a command reads and those that its ends use, so that no output overwrites one of them. Files
// are compared by device and inode, not by name.
class InputFiles {
 public:
  void add_file(const std::string& path);  // "-" is standard input; "" is none
  void add_standard_input();
  // The files that a URL names: a file of records, or a store with the files beside it. A broker has none.
  void add_end(const Url& url);

  // Throws ErrorKind::usage if `path`, given by `option`, is one of them, or is where standard output goes.
  void refuse_as_output(std::string_view option, const std::string& path) const;

 private:
  struct Input {
    std::string path;  // "" for standard input
    bool there = false;
    struct stat status {};
  };
  std::vector<Input> inputs_;
};

}  // namespace iso::cli
