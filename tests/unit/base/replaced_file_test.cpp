#include "base/replaced_file.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "support/errors.h"
#include "support/folder.h"

using namespace iso;

namespace {

void write_file(const std::string& path, const std::string& text) {
  std::ofstream(path) << text;
}

unsigned mode_of(const std::string& path) {
  struct stat status {};
  REQUIRE(stat(path.c_str(), &status) == 0);
  return status.st_mode & 07777;
}

std::size_t files_beside(const std::string& path) {
  const auto folder = std::filesystem::directory_iterator(std::filesystem::path(path).parent_path());
  return static_cast<std::size_t>(std::distance(begin(folder), end(folder)));
}

}  // namespace

TEST_CASE("replaced file: what was there stays until there is something to write") {
  test::Folder folder;
  const std::string path = (folder.path + "/file");
  write_file(path, "old");
  chmod(path.c_str(), 0640);
  {
    ReplacedFile file(path);
    CHECK(read_file(path) == "old");
  }
  CHECK(read_file(path) == "old");
  ReplacedFile file(path);
  file.output().buffer() += "new";
  file.output().write_all();
  CHECK(read_file(path) == "new");
  CHECK(mode_of(path) == 0640);
  CHECK(files_beside(path) == 1);
}

TEST_CASE("replaced file: what was there stays until all is written, if that is asked for") {
  test::Folder folder;
  const std::string path = folder.path + "/file";
  write_file(path, "old");
  for (const bool finishes : {false, true}) {
    {
      ReplacedFile file(path, ReplacedFile::When::finished);
      file.output().buffer() += "new";
      file.output().write_all();
      CHECK(read_file(path) == "old");
      CHECK(files_beside(path) == 2);
      if (finishes) file.finish();
    }
    CHECK(read_file(path) == (finishes ? "new" : "old"));
    CHECK(files_beside(path) == 1);
  }
}

TEST_CASE("replaced file: a run that ended well leaves a file of its own, for its owner alone") {
  test::Folder folder;
  const std::string path = (folder.path + "/file");
  ReplacedFile file(path);
  CHECK(access(path.c_str(), F_OK) != 0);
  file.finish();
  CHECK(read_file(path).empty());
  CHECK(mode_of(path) == 0600);
}

TEST_CASE("replaced file: through a symbolic link the file that it names is replaced") {
  test::Folder folder;
  const std::string path = (folder.path + "/file"), link = path + ".link";
  write_file(path, "old");
  REQUIRE(symlink(path.c_str(), link.c_str()) == 0);
  ReplacedFile file(link);
  file.finish();
  CHECK(read_file(path).empty());
  CHECK(std::filesystem::is_symlink(link));
}

TEST_CASE(
    "replaced file: what cannot be written says so at once, and a FIFO that nobody reads is not waited for") {
  test::Folder folder;
  const std::string path = (folder.path + "/file");
  REQUIRE(mkfifo(path.c_str(), 0600) == 0);
  const struct {
    std::string path, why;
  } rows[] = {{path, "nobody reads it"}, {path + "-no/file", "No such file"}, {"/", "Is a directory"}};
  for (const auto& row : rows) {
    CAPTURE(row.path);
    const Error error = test::error_of([&] { ReplacedFile file(row.path); });
    CHECK(error.kind() == ErrorKind::io);
    CHECK(test::says(error, row.why));
  }
  ReplacedFile full("/dev/full");
  full.output().buffer() += "x";
  CHECK(test::error_of([&] { full.output().write_all(); }).kind() == ErrorKind::io);
}
