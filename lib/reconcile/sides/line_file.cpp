#include "reconcile/sides/line_file.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "reconcile/json/digest.h"

namespace iso::reconcile {
namespace {

constexpr std::size_t kBlock = std::size_t{128} * 1024;
constexpr std::size_t kShortLine = 1024;
constexpr std::uint64_t kMostMarks = 64 * 1024;  // before their distance grows with the text

std::uint64_t size_of(int fd, const std::string& path) {
  struct stat status {};
  if (fstat(fd, &status) != 0) throw system_error("read", path);
  return static_cast<std::uint64_t>(status.st_size);
}

// In short runs, so that a byte holds the count and many are added at once.
std::uint64_t line_breaks(std::string_view bytes) {
  constexpr std::size_t kRun = 240;
  std::uint64_t all = 0;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(kRun, bytes.size()))) {
    unsigned char some = 0;
    for (const char c : bytes.substr(0, kRun)) some = static_cast<unsigned char>(some + (c == '\n' ? 1 : 0));
    all += some;
  }
  return all;
}

}  // namespace

void write_at(int fd, const std::string& folder, std::string_view bytes, std::uint64_t offset) {
  while (!bytes.empty()) {
    const ssize_t wrote = pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) throw system_error("write to a temporary file in", folder);
    bytes.remove_prefix(static_cast<std::size_t>(wrote));
    offset += static_cast<std::uint64_t>(wrote);
  }
}

std::size_t read_at(int fd, char* into, std::size_t most, std::uint64_t offset) {
  std::size_t all = 0;
  while (all < most) {
    const ssize_t got = pread(fd, into + all, most - all, static_cast<off_t>(offset + all));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw system_error("read again what was read before");
    if (got == 0) break;
    all += static_cast<std::size_t>(got);
  }
  return all;
}

LineFile::LineFile(const std::string& path, std::uint64_t from)
    : path_(path), file_(open_to_read(path)), offset_(from), end_(size_of(file_.get(), path)) {}

LineFile::LineFile(std::unique_ptr<ItemSource> source, const std::string& folder)
    : folder_(folder), file_(temporary_file(folder)), source_(std::move(source)) {}

std::uint64_t LineFile::size() const {
  return source_ ? source_->size() : end_;
}

bool LineFile::next(Block& block) {
  block = {};
  const bool more = source_ ? next_of_source(block) : next_of_file(block);
  block.index = blocks_;
  block.offset = offset_;
  offset_ += block.size;
  if (block.size != 0) ++blocks_;
  return more;
}

bool LineFile::next_of_source(Block& block) {
  bool more = true, idle = false;
  while (more && !idle && block.bytes.size() < kBlock) {
    const std::size_t had = block.bytes.size();
    more = source_->read(block.bytes);
    idle = block.bytes.size() == had;
  }
  write_at(file_.get(), folder_, block.bytes, offset_);
  block.size = block.bytes.size();
  block.bytes.append(Digester::kPadding, '\0');
  return more || block.size != 0;
}

bool LineFile::next_of_file(Block& block) {
  while (offset_ < end_) {
    if (const auto end = line_end(std::min(offset_ + kBlock, end_) - 1)) {
      if (end_before_long_line(block, *end)) return true;
      block.size = *end - offset_;
      return true;
    }
    switch (tail()) {
      case Tail::more:
        break;
      case Tail::last:
        if (end_before_long_line(block, end_)) return true;
        block.size = end_ - offset_ + 1;
        block.lacks_line_break = true;
        return true;
      case Tail::unfinished:
        end_ = last_line_end();
    }
  }
  return false;
}

// Only the last line of a block can be long: those before it go first, and it has a block of its own.
bool LineFile::end_before_long_line(Block& block, std::uint64_t end) const {
  if (end - offset_ <= most_) return false;
  std::string bytes(kBlock, '\0');
  bytes.resize(read_at(file_.get(), bytes.data(), bytes.size(), offset_));
  block.size = bytes.rfind('\n', kBlock - 2) + 1;
  block.is_too_long = block.size == 0;
  return !block.is_too_long;
}

// After the first line break from a byte on.
std::optional<std::uint64_t> LineFile::line_end(std::uint64_t from) const {
  std::array<char, kShortLine> bytes;
  for (;;) {
    const auto most = std::min<std::uint64_t>(bytes.size(), end_ - from);
    const std::size_t got = read_at(file_.get(), bytes.data(), most, from);
    const auto at = std::string_view(bytes.data(), got).find('\n');
    if (at != std::string_view::npos) return from + at + 1;
    if (got == 0) return std::nullopt;
    from += got;
  }
}

// After the last line break of those that are left, or where they start.
std::uint64_t LineFile::last_line_end() const {
  std::string bytes;
  for (std::uint64_t end = end_; end > offset_;) {
    const std::uint64_t begin = end - std::min<std::uint64_t>(end - offset_, kBlock);
    bytes.resize(end - begin);
    bytes.resize(read_at(file_.get(), bytes.data(), bytes.size(), begin));
    if (const auto at = bytes.rfind('\n'); at != bytes.npos) return begin + at + 1;
    end = begin;
  }
  return offset_;
}

// What a last line without a line break is. If the file has grown meanwhile someone is writing: by now the
// line is there, or belongs to what comes later.
LineFile::Tail LineFile::tail() {
  const auto size = size_of(file_.get(), path_);
  if (size <= end_) return Tail::last;
  if (std::exchange(read_on_, true)) return Tail::unfinished;
  end_ = size;
  return Tail::more;
}

std::string_view LineFile::bytes(const Block& block, std::string& room) const {
  if (source_) return std::string_view(block.bytes).substr(0, block.size);
  if (room.size() < block.size + Digester::kPadding) room.resize(block.size + Digester::kPadding);
  std::size_t got = read_at(file_.get(), room.data(), block.size, block.offset);
  if (block.lacks_line_break && got + 1 == block.size) room[got++] = '\n';
  if (got != block.size) throw Error(ErrorKind::io, path_ + ": became shorter while it was read");
  return std::string_view(room).substr(0, block.size);
}

std::string LineFile::line(std::uint64_t offset) const {
  std::string line;
  for (std::size_t most = kShortLine;; most *= 4) {
    const std::size_t before = line.size();
    line.resize(before + most);
    const std::size_t got = read_at(file_.get(), line.data() + before, most, offset + before);
    line.resize(before + got);
    if (const auto end = line.find('\n', before); end != std::string::npos) {
      line.resize(end);
      return line.size() > most_ ? kUnreadable + too_long_text(most_) : line;
    }
    if (line.size() > most_) return kUnreadable + too_long_text(most_);
    if (got < most) return line;
  }
}

void LineFile::lines_in(const Block& block, Lines lines) {
  const std::lock_guard lock(mutex_);
  longest_ = std::max(longest_, lines.longest);
  early_[block.index] = std::move(lines);
  for (auto next = early_.find(counted_); next != early_.end(); next = early_.find(++counted_)) {
    for (const Mark& one : next->second.marks) mark({one.offset, lines_ + one.lines});
    lines_ += next->second.count;
    early_.erase(next);
  }
}

void LineFile::mark(Mark mark) {
  const std::uint64_t every = std::max(kMarkEvery, mark.offset / kMostMarks);
  if (marks_.empty() || mark.offset - marks_.back().offset >= every) marks_.push_back(mark);
}

std::uint64_t LineFile::line_number(std::uint64_t offset) const {
  const auto after = std::upper_bound(marks_.begin(), marks_.end(), offset,
                                      [](std::uint64_t at, const Mark& mark) { return at < mark.offset; });
  const Mark& mark = *(after - 1);
  std::string bytes(offset - mark.offset, '\0');
  bytes.resize(read_at(file_.get(), bytes.data(), bytes.size(), mark.offset));
  return mark.lines + 1 + line_breaks(bytes);
}

std::unique_ptr<LineFile> LineFile::reopen_for_changes() const {
  if (source_) {
    auto source = source_->reopen_for_changes();
    return source ? std::make_unique<LineFile>(std::move(source), folder_) : nullptr;
  }
  if (size_of(file_.get(), path_) <= end_) return nullptr;
  auto text = std::unique_ptr<LineFile>(new LineFile(path_, end_));
  text->lines_ = lines_;
  return text;
}

}  // namespace iso::reconcile
