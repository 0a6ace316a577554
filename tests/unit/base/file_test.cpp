#include "base/file.h"

#include <doctest/doctest.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

#include "support/errors.h"
#include "support/folder.h"

using namespace iso;

TEST_CASE("system_error: what errno says, and what failed over it") {
  errno = ENOSPC;
  CHECK(test::says(system_error("write", "a/file"), "cannot write a/file: No space left on device"));
  CHECK(test::says(system_error("make a pipe", {}, ErrorKind::internal, EMFILE),
                   "cannot make a pipe: Too many open files"));
  CHECK(system_error("make a pipe", {}, ErrorKind::internal, EMFILE).kind() == ErrorKind::internal);
}

TEST_CASE("open_to_read: a missing file is missing, and one that cannot be read is a failure to read") {
  const test::Folder folder;
  CHECK(test::error_of([&] { open_to_read(folder.path + "/none"); }).kind() == ErrorKind::missing);
  CHECK(test::error_of([&] { read_file(folder.path); }).kind() == ErrorKind::io);
}

TEST_CASE(
    "temporary_file: can be written and read, is for its owner alone, and leaves nothing in its folder") {
  const test::Folder folder;
  const Descriptor file = temporary_file(folder.path);
  REQUIRE(pwrite(file.get(), "abc", 3, 0) == 3);
  char bytes[4] = "";
  CHECK(pread(file.get(), bytes, 3, 0) == 3);
  CHECK(std::string_view(bytes) == "abc");
  struct stat status {};
  REQUIRE(fstat(file.get(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  CHECK(std::filesystem::is_empty(folder.path));
}

TEST_CASE("temporary_file: a folder that takes no file is an error that names it") {
  CHECK(test::says(test::error_of([] { temporary_file("/proc"); }), "/proc"));
  CHECK(test::error_of([] { temporary_file("/nowhere"); }).kind() == ErrorKind::io);
}
