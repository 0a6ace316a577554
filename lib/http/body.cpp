#include "http/body.h"

#include <cerrno>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

namespace iso::http {
namespace {

void write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t wrote = ::write(fd, bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) throw system_error("keep", "a body");
    bytes.remove_prefix(static_cast<std::size_t>(wrote));
  }
}

Descriptor file_in_memory() {
  const int fd = memfd_create("iso body", MFD_CLOEXEC);
  if (fd < 0) throw system_error("keep", "a body");
  return Descriptor::own(fd);
}

// Falls back to memory if the folder cannot hold a file.
Descriptor file_in(const std::string& folder) {
  try {
    return temporary_file(folder);
  } catch (const Error&) {
    return file_in_memory();
  }
}

}  // namespace

Body::Body(Descriptor file) : file_(std::move(file)), in_file_(true) {
  struct stat status {};
  if (fstat(file_.get(), &status) != 0) throw system_error("read", "a body");
  size_ = static_cast<std::size_t>(status.st_size);
}

Body::Body(Body&& other) noexcept {
  *this = std::move(other);
}

Body& Body::operator=(Body&& other) noexcept {
  if (this == &other) return *this;
  unmap();
  memory_ = std::move(other.memory_);
  folder_ = std::move(other.folder_);
  file_ = std::move(other.file_);
  in_file_ = std::exchange(other.in_file_, false);
  size_ = std::exchange(other.size_, 0);
  mapped_ = std::exchange(other.mapped_, nullptr);
  mapped_size_ = std::exchange(other.mapped_size_, 0);
  return *this;
}

Body::~Body() {
  unmap();
}

void Body::append(std::string_view bytes) {
  if (!in_file_ && !folder_.empty() && size_ + bytes.size() > kInMemory) move_to_file();
  if (in_file_)
    write(bytes);
  else
    memory_ += bytes;
  size_ += bytes.size();
}

std::string_view Body::bytes() const {
  if (!in_file_ || size_ == 0) return memory_;
  if (mapped_size_ != size_) {
    unmap();
    void* mapped = mmap(nullptr, size_, PROT_READ, MAP_SHARED, file_.get(), 0);
    if (mapped == MAP_FAILED) throw system_error("read", "a body");
    mapped_ = static_cast<const char*>(mapped);
    mapped_size_ = size_;
  }
  return {mapped_, mapped_size_};
}

bool Body::link_to(const std::string& path) const {
  if (!in_file_) return false;
  const std::string open_file = fmt::format("/proc/self/fd/{}", file_.get());
  return linkat(AT_FDCWD, open_file.c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW) == 0;
}

void Body::move_to_file() {
  file_ = file_in(folder_);
  in_file_ = true;
  const std::string bytes = std::exchange(memory_, {});
  size_ = 0;
  write(bytes);
  size_ = bytes.size();
}

// Appends to the file. If the disk is full, the body moves to memory instead of failing the fetch.
void Body::write(std::string_view bytes) {
  try {
    write_all(file_.get(), bytes);
  } catch (const Error&) {
    Descriptor memory = file_in_memory();
    write_all(memory.get(), this->bytes());
    write_all(memory.get(), bytes);
    unmap();
    file_ = std::move(memory);
  }
}

void Body::unmap() const {
  if (mapped_) munmap(const_cast<char*>(mapped_), mapped_size_);
  mapped_ = nullptr;
  mapped_size_ = 0;
}

}  // namespace iso::http
