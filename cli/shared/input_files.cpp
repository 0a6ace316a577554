#include "cli/shared/input_files.h"

#include <filesystem>
#include <fmt/core.h>
#include <unistd.h>

#include "base/error.h"
#include "ends/open.h"

namespace iso::cli {
namespace {

// A terminal or /dev/null may well be both.
bool same(const struct stat& one, const struct stat& other) {
  return S_ISREG(one.st_mode) && one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

bool same_name(const std::string& one, const std::string& other) {
  std::error_code error;
  const auto plain = [&](const std::string& path) {
    return std::filesystem::weakly_canonical(std::filesystem::absolute(path, error), error);
  };
  return plain(one) == plain(other) && !error;
}

}  // namespace

void InputFiles::add_file(const std::string& path) {
  if (path == "-") return add_standard_input();
  if (path.empty()) return;
  Input input;
  input.path = path;
  input.there = stat(path.c_str(), &input.status) == 0;
  inputs_.push_back(std::move(input));
}

void InputFiles::add_standard_input() {
  Input input;
  input.there = fstat(STDIN_FILENO, &input.status) == 0;
  inputs_.push_back(std::move(input));
}

void InputFiles::add_end(const Url& url) {
  if (url.scheme == "file") return add_file(url.path);
  if (!ends::is_store(url)) return;
  for (const char* beside : {"", "-wal", "-shm", "-journal", "-owners"}) add_file(url.path + beside);
}

void InputFiles::refuse_as_output(std::string_view option, const std::string& path) const {
  struct stat status {};
  const bool there = stat(path.c_str(), &status) == 0;
  for (const Input& input : inputs_) {
    const bool both = there && input.there ? same(status, input.status)
                                           : !there && !input.there && same_name(path, input.path);
    if (!both) continue;
    throw Error(ErrorKind::usage,
                input.path.empty()
                    ? fmt::format("{} {}: it is standard input too; nothing was touched", option, path)
                    : fmt::format("{} {}: {} is an end or an input of this command; nothing was touched",
                                  option, path, input.path));
  }
  struct stat out {};
  if (there && fstat(STDOUT_FILENO, &out) == 0 && same(status, out))
    throw Error(ErrorKind::usage, fmt::format("{} {}: standard output goes there", option, path));
}

}  // namespace iso::cli
