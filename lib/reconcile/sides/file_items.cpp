#include <algorithm>
#include <cerrno>
#include <optional>
#include <poll.h>
#include <span>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "base/compressed.h"
#include "base/error.h"
#include "base/file.h"
#include "reconcile/sides/item_source.h"
#include "record/plain.h"

namespace iso::reconcile {
namespace {

constexpr std::size_t kAtOnce = std::size_t{256} * 1024;

class FileItems final : public ItemSource {
 public:
  // Reads on from where the descriptor is.
  FileItems(std::shared_ptr<Descriptor> from, std::string path, std::uint64_t at)
      : from_(std::move(from)), path_(std::move(path)), at_(at), at_start_(at == 0) {
    if (const auto how = compression_of(path_); how != Compression::none)
      compressed_.emplace(how, Descriptor::lend(from_->get()), path_);
    size_ = compressed_ ? 0 : file_size() - std::min(file_size(), at_);
  }

  bool read(std::string& out) override {
    if (ended_) return false;
    const std::size_t begin = out.size();
    out += std::exchange(unfinished_, {});
    for (;;) {
      const std::size_t before = out.size();
      const auto got = append_some(out);
      if (!got) return end(out, begin);
      const auto last = std::string_view(out).substr(before).rfind('\n');
      if (*got != 0 && last == out.npos) continue;
      unfinished_.assign(out, *got == 0 ? begin : before + last + 1);
      out.resize(out.size() - unfinished_.size());
      if (out.size() != begin) drop_mark(out, begin);
      return true;
    }
  }

  // A last line without a line break was given as it was. If more of it came, it is given again.
  std::unique_ptr<ItemSource> reopen_for_changes() override {
    if (!ended_ || compressed_ || path_ == "-" || file_size() <= at_) return nullptr;
    std::uint64_t from = at_ - unended_;
    char next = 0;
    if (unended_ != 0 && pread(from_->get(), &next, 1, static_cast<off_t>(at_)) == 1 && next == '\n')
      from = at_ + 1;
    if (file_size() <= from || lseek(from_->get(), static_cast<off_t>(from), SEEK_SET) < 0) return nullptr;
    return std::make_unique<FileItems>(from_, path_, from);
  }

  std::uint64_t size() const override { return size_; }

 private:
  std::string name() const { return path_ == "-" ? "standard input" : path_; }

  std::uint64_t file_size() const {  // 0 if it is no file
    struct stat status {};
    const bool is_file = fstat(from_->get(), &status) == 0 && S_ISREG(status.st_mode);
    return is_file ? static_cast<std::uint64_t>(status.st_size) : 0;
  }

  // Nothing: the end. 0: a signal came, or nothing did.
  std::optional<std::size_t> append_some(std::string& out) {
    const std::size_t before = out.size();
    out.resize(before + kAtOnce);
    const std::span<char> space(out.data() + before, kAtOnce);
    const auto got = compressed_ ? compressed_->read(space) : read_some(space);
    out.resize(before + got.value_or(0));
    return got;
  }

  std::optional<std::size_t> read_some(std::span<char> space) {
    const ssize_t got = ::read(from_->get(), space.data(), space.size());
    if (got == 0) return std::nullopt;
    if (got < 0 && errno == EAGAIN) {
      pollfd ready{from_->get(), POLLIN, 0};
      poll(&ready, 1, 1000);
      return 0;
    }
    if (got < 0 && errno != EINTR) throw system_error("read", name());
    const auto count = static_cast<std::size_t>(std::max<ssize_t>(got, 0));
    at_ += count;
    return count;
  }

  bool end(std::string& out, std::size_t begin) {
    ended_ = true;
    unended_ = out.size() - begin;
    drop_mark(out, begin);
    if (out.size() == begin) return false;
    out += '\n';
    return true;
  }

  void drop_mark(std::string& out, std::size_t begin) {
    if (std::exchange(at_start_, false) && out.compare(begin, kByteOrderMark.size(), kByteOrderMark) == 0)
      out.erase(begin, kByteOrderMark.size());
  }

  std::shared_ptr<Descriptor> from_;
  std::string path_;
  std::optional<Decompressor> compressed_;
  std::uint64_t at_, size_ = 0;
  std::uint64_t unended_ = 0;  // bytes of a last line that no line break ended
  std::string unfinished_;
  bool at_start_, ended_ = false;
};

}  // namespace

std::unique_ptr<ItemSource> open_file_items(const std::string& path) {
  auto file = path == "-" ? Descriptor::lend(STDIN_FILENO) : open_to_read(path);
  return std::make_unique<FileItems>(std::make_shared<Descriptor>(std::move(file)), path, 0);
}

}  // namespace iso::reconcile
