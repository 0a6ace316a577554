#include "base/private_file.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

namespace iso {
namespace {

Error failed(std::string_view task, const std::string& path) {
  return {ErrorKind::io, fmt::format("cannot {} {}: {}", task, path, std::strerror(errno))};
}

struct flock byte_lock(short type, std::int64_t byte) {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = byte;
  lock.l_len = 1;
  return lock;
}

bool set_lock(const Descriptor& file, int command, short type, std::int64_t byte) {
  auto lock = byte_lock(type, byte);
  while (fcntl(file.get(), command, &lock) != 0)
    if (errno != EINTR) return false;
  return true;
}

}  // namespace

void make_private_folder(const std::string& folder) {
  std::error_code error;
  if (folder.empty() || std::filesystem::is_directory(folder, error)) return;
  make_private_folder(std::filesystem::path(folder).parent_path().string());
  if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) throw failed("make the folder", folder);
}

std::string make_private_file(const std::string& path) {
  make_private_folder(std::filesystem::path(path).parent_path().string());
  // Only if it is new: closing a file that is open elsewhere in this process would end SQLite's locks on it.
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd >= 0) close(fd);
  if (fd < 0 && errno != EEXIST) throw failed("make", path);
  return path;
}

ByteLocks::ByteLocks(const std::string& path)
    : file_(Descriptor::own(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600))), path_(path) {
  if (file_.get() < 0) throw failed("open", path);
}

bool ByteLocks::try_lock(std::int64_t byte) {
  return set_lock(file_, F_OFD_SETLK, F_WRLCK, byte);
}

void ByteLocks::lock(std::int64_t byte) {
  if (!set_lock(file_, F_OFD_SETLKW, F_WRLCK, byte)) throw failed("lock", path_);
}

void ByteLocks::unlock(std::int64_t byte) {
  set_lock(file_, F_OFD_SETLK, F_UNLCK, byte);
}

void ByteLocks::unlock_all() {
  auto lock = byte_lock(F_UNLCK, 0);
  lock.l_len = 0;  // to the end of all bytes
  fcntl(file_.get(), F_OFD_SETLK, &lock);
}

bool ByteLocks::is_locked(std::int64_t byte) const {
  auto lock = byte_lock(F_WRLCK, byte);
  return fcntl(file_.get(), F_OFD_GETLK, &lock) != 0 || lock.l_type != F_UNLCK;
}

}  // namespace iso
