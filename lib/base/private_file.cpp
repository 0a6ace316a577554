#include "base/private_file.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <fmt/core.h>
#include <mutex>
#include <new>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include "base/error.h"

namespace iso {
namespace {

struct flock byte_lock(short type, std::int64_t byte) {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = byte;
  lock.l_len = 1;
  return lock;
}

bool set_lock(const Descriptor& file, short type, std::int64_t byte) {
  auto lock = byte_lock(type, byte);
  return fcntl(file.get(), F_OFD_SETLK, &lock) == 0;
}

// Closing any descriptor of a file ends all POSIX locks that the process has on it, including SQLite's. So
// unused descriptors are kept open, and reused for the same file.
std::mutex kept_mutex;
std::vector<int> kept;

bool is_file(int fd, const struct stat& wanted) {
  struct stat status {};
  return fstat(fd, &status) == 0 && status.st_dev == wanted.st_dev && status.st_ino == wanted.st_ino;
}

int open_beside_sqlite(const std::string& path) {
  struct stat wanted {};
  if (stat(path.c_str(), &wanted) == 0) {
    const std::lock_guard lock(kept_mutex);
    const auto found = std::find_if(kept.begin(), kept.end(), [&](int fd) { return is_file(fd, wanted); });
    if (found != kept.end()) {
      const int fd = *found;
      kept.erase(found);
      return fd;
    }
  }
  return open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOCTTY);
}

void keep_for_later(int fd) noexcept {
  try {
    const std::lock_guard lock(kept_mutex);
    kept.push_back(fd);
  } catch (const std::bad_alloc&) {  // it stays open all the same
  }
}

}  // namespace

void make_private_folder(const std::string& folder) {
  std::error_code error;
  if (folder.empty() || std::filesystem::is_directory(folder, error)) return;
  make_private_folder(std::filesystem::path(folder).parent_path().string());
  if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) throw system_error("make the folder", folder);
}

std::string make_private_file(const std::string& path) {
  make_private_folder(std::filesystem::path(path).parent_path().string());
  // Only if it is new: closing a file that is open elsewhere in this process would end SQLite's locks on it.
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd >= 0) close(fd);
  if (fd < 0 && errno != EEXIST) throw system_error("make", path);
  return path;
}

ByteLocks::ByteLocks(const std::string& path)
    : file_(Descriptor::own(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600))) {
  if (file_.get() < 0 && errno == ELOOP)
    throw Error(ErrorKind::io, fmt::format("cannot open {}: it is a symbolic link", path));
  if (file_.get() < 0) throw system_error("open", path);
}

ByteLocks::ByteLocks(Database database)
    : file_(Descriptor::lend(open_beside_sqlite(database.path))), shared_(true) {
  if (file_.get() < 0) throw system_error("open", database.path);
}

ByteLocks::~ByteLocks() {
  if (!shared_ || file_.get() < 0) return;
  unlock_all();
  keep_for_later(file_.get());
}

bool ByteLocks::try_lock(std::int64_t byte) {
  return set_lock(file_, F_WRLCK, byte);
}

void ByteLocks::unlock(std::int64_t byte) {
  set_lock(file_, F_UNLCK, byte);
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
