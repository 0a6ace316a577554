#include "http_cache/owner.h"

#include <filesystem>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

namespace iso::http_cache {
namespace {

Error planted(const std::string& path, const char* why) {
  return {ErrorKind::io, fmt::format("{} {}: a cache has to be yours alone", path, why)};
}

void check_file(const std::string& path) {
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0) return;
  if (S_ISLNK(status.st_mode)) throw planted(path, "is a link");
  if (status.st_uid != geteuid() && status.st_uid != 0) throw planted(path, "belongs to another user");
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) throw planted(path, "can be written by others");
}

// On many systems each user has a group of his own, so this user's group may write. In a folder with the
// sticky bit nobody can replace the files of others.
void check_folder(const std::string& folder) {
  struct stat status {};
  if (stat(folder.empty() ? "." : folder.c_str(), &status) != 0) return;
  const bool sticky = (status.st_mode & S_ISVTX) != 0;
  if (status.st_uid != geteuid() && status.st_uid != 0 && !sticky)
    throw planted(folder, "belongs to another user");
  const bool by_all = (status.st_mode & S_IWOTH) != 0;
  const bool by_group = (status.st_mode & S_IWGRP) != 0 && status.st_gid != getegid();
  if ((by_all || by_group) && !sticky)
    throw planted(folder.empty() ? "." : folder, "can be written by others");
}

}  // namespace

void check_owner(const std::string& path) {
  check_folder(std::filesystem::path(path).parent_path().string());
  for (const char* end : {"", "-wal", "-shm", "-journal", "-bodies", "-locks", "-key"})
    check_file(path + end);
}

}  // namespace iso::http_cache
