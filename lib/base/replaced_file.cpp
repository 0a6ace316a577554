#include "base/replaced_file.h"

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fmt/core.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

namespace iso {
namespace {

std::string resolved(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> real(realpath(path.c_str(), nullptr), &std::free);
  return real ? std::string(real.get()) : path;
}

std::string folder_of(const std::string& path) {
  const auto folder = std::filesystem::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

// Not a regular file. Opening a FIFO without O_NONBLOCK would wait for its reader for ever.
Descriptor open_as_it_is(const std::string& path) {
  Descriptor file = Descriptor::own(open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
  if (file.get() < 0 && errno == ENXIO)
    throw Error(ErrorKind::io, fmt::format("cannot write {}: nobody reads it", path));
  if (file.get() < 0) throw system_error("write", path);
  fcntl(file.get(), F_SETFL, fcntl(file.get(), F_GETFL) & ~O_NONBLOCK);
  return file;
}

}  // namespace

ReplacedFile::ReplacedFile(const std::string& path, When when) : path_(resolved(path)), when_(when) {
  struct stat there {};
  const bool exists = stat(path_.c_str(), &there) == 0;
  if (exists && !S_ISREG(there.st_mode)) {
    output_.emplace(open_as_it_is(path_), path);
    return;
  }
  if (exists) mode_ = there.st_mode & 07777;
  if (exists && access(path_.c_str(), W_OK) != 0) throw system_error("write", path);
  if (access(folder_of(path_).c_str(), W_OK | X_OK) == 0) return;
  if (!exists || when == When::finished) throw system_error("write", path);
  in_place_ = true;
}

ReplacedFile::~ReplacedFile() {
  if (!beside_.empty()) unlink(beside_.c_str());
}

Output& ReplacedFile::output() {
  if (!output_) output_.emplace(in_place_ ? open_to_write(path_) : make_beside(), path_);
  return *output_;
}

void ReplacedFile::finish() {
  output().write_all();
  take_name();
}

Descriptor ReplacedFile::make_beside() {
  std::string beside = path_ + ".XXXXXX";
  Descriptor file = Descriptor::own(mkostemp(beside.data(), O_CLOEXEC));
  if (file.get() < 0) throw system_error("write", path_);
  beside_ = std::move(beside);
  if (mode_) fchmod(file.get(), *mode_);
  if (when_ == When::written_to) take_name();
  return file;
}

void ReplacedFile::take_name() {
  if (beside_.empty()) return;
  if (rename(beside_.c_str(), path_.c_str()) != 0) throw system_error("write", path_);
  beside_.clear();
}

}  // namespace iso
