#include <algorithm>
#include <fmt/core.h>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "base/compressed.h"
#include "base/error.h"
#include "base/file.h"
#include "reconcile/sides/file_text.h"
#include "reconcile/sides/item_reader.h"
#include "reconcile/sides/item_source.h"
#include "record/plain.h"

namespace iso::reconcile {
namespace {

class LineItems final : public ItemReader {
 public:
  explicit LineItems(std::uint64_t most) : most_(most) {}

  void take(std::string_view bytes, std::string& lines) override {
    while (!bytes.empty()) {
      if (size_ == 0 && bytes.size() <= most_) {  // no line of it is too long: all that are whole at once
        const auto whole = bytes.rfind('\n') + 1;
        lines += bytes.substr(0, whole);
        return keep(bytes.substr(whole));
      }
      const auto end = bytes.find('\n');
      keep(bytes.substr(0, end));
      if (end == bytes.npos) return;
      end_line(lines);
      bytes.remove_prefix(end + 1);
    }
  }
  void finish(std::string& lines) override {
    if (size_ != 0) end_line(lines);
  }

 private:
  void keep(std::string_view bytes) {
    size_ += bytes.size();
    if (size_ <= most_)
      line_ += bytes;
    else
      line_ = {};  // gives the room back
  }

  void end_line(std::string& lines) {
    if (size_ > most_)
      lines += kUnreadable + too_long_text(most_);
    else
      lines += line_;
    lines += '\n';
    line_.clear();
    size_ = 0;
  }

  std::uint64_t most_, size_ = 0;
  std::string line_;
};

class FileItems final : public ItemSource {
 public:
  FileItems(FileText text, ItemForm form)
      : text_(std::move(text)), form_(std::move(form)), from_(text_.at()), is_start_(from_ == 0) {}

  bool read(std::string& out) override {
    const std::size_t begin = out.size();
    while (!ended_ && out.size() == begin) {
      const std::size_t before = bytes_.size();
      const auto got = text_.append_some(bytes_);
      if (got && *got == 0) return true;
      ended_ = !got;
      count_unended(std::string_view(bytes_).substr(before));
      if (reader_ || choose_reader()) hand_over(out);
    }
    return out.size() != begin;
  }

  // A last line without a line break was given as it was. If more of it came, it is given again.
  std::unique_ptr<ItemSource> reopen_for_changes() override {
    const auto at = text_.at();
    if (!ended_ || !is_lines_ || text_.is_compressed() || text_.path() == "-" || text_.file_size() <= at)
      return nullptr;
    const int fd = text_.descriptor()->get();
    std::uint64_t from = at - unended_;
    char next = 0;
    if (unended_ != 0 && pread(fd, &next, 1, static_cast<off_t>(at)) == 1 && next == '\n') from = at + 1;
    if (text_.file_size() <= from || lseek(fd, static_cast<off_t>(from), SEEK_SET) < 0) return nullptr;
    return std::make_unique<FileItems>(FileText(text_.descriptor(), text_.path(), from), form_);
  }

  std::uint64_t size() const override {
    const bool is_compressed = text_.is_compressed() || compression_of(text_.path()) != Compression::none;
    return is_compressed ? 0 : text_.file_size() - std::min(text_.file_size(), from_);
  }

 private:
  // False: it cannot be told yet.
  bool choose_reader() {
    if (!ended_ && bytes_.size() < kByteOrderMark.size()) return false;
    if (is_start_ && bytes_.starts_with(kByteOrderMark)) bytes_.erase(0, kByteOrderMark.size());
    const auto array = is_start_ && !form_.items && !is_csv(text_.path()) ? begins_array(bytes_) : false;
    if (!array && !ended_) return false;
    if (is_csv(text_.path()))
      reader_ = read_csv_items(form_.most);
    else if (form_.items)
      reader_ = read_array_items(*form_.items, form_.most);
    else if (array.value_or(false))
      reader_ = read_array_items({}, form_.most);
    is_lines_ = !reader_;
    if (is_lines_) reader_ = read_line_items(form_.most);
    return true;
  }

  void hand_over(std::string& out) {
    try {
      reader_->take(bytes_, out);
      bytes_.clear();
      if (ended_) reader_->finish(out);
    } catch (const Error& error) {
      throw error.during(text_.name());
    }
  }

  // Bytes of a last line that no line break has ended yet.
  void count_unended(std::string_view bytes) {
    const auto last = bytes.rfind('\n');
    unended_ = last == bytes.npos ? unended_ + bytes.size() : bytes.size() - last - 1;
  }

  FileText text_;
  ItemForm form_;
  std::unique_ptr<ItemReader> reader_;
  std::string bytes_;  // read and not handed over
  std::uint64_t from_, unended_ = 0;
  bool is_start_;  // of the file
  bool is_lines_ = false, ended_ = false;
};

}  // namespace

std::unique_ptr<ItemReader> read_line_items(std::uint64_t most) {
  return std::make_unique<LineItems>(most);
}

std::string too_long_text(std::uint64_t most) {
  return fmt::format("it is longer than {} bytes, the most that --memory has room for", most);
}

std::unique_ptr<ItemSource> open_file_items(const std::string& path, const ItemForm& form) {
  auto file = path == "-" ? Descriptor::lend(STDIN_FILENO) : open_to_read(path);
  return std::make_unique<FileItems>(FileText(std::make_shared<Descriptor>(std::move(file)), path, 0), form);
}

bool is_plain_lines(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode) || is_csv(path)) return false;
  std::string start(4096, '\0');
  const Descriptor file = open_to_read(path);
  const ssize_t got = pread(file.get(), start.data(), start.size(), 0);
  start.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  const auto array = begins_array(start);
  return !begins_compressed(start) && compression_of(path) == Compression::none &&
         (array ? !*array : start.size() < 4096);
}

}  // namespace iso::reconcile
