#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

namespace iso::test {

// A folder of a test's own, gone with it.
struct Folder {
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "iso-breaker-XXXXXX").string();
    path = mkdtemp(name.data());
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string file() const { return path + "/state/breaker.db"; }

  std::string path;
};

}  // namespace iso::test
