#include "reconcile/sides/sorter.h"

#include <algorithm>
#include <cstring>
#include <queue>
#include <utility>

#include "base/error.h"
#include "reconcile/sides/line_file.h"

namespace iso::reconcile {
namespace {

struct Lengths {
  std::uint32_t key = 0, payload = 0;
};

struct View {
  std::string_view key, payload;
  std::size_t size = 0;  // of the whole entry
};

View view_at(const char* entry) {
  Lengths lengths;
  std::memcpy(&lengths, entry, sizeof lengths);
  const char* const key = entry + sizeof lengths;
  return {{key, lengths.key},
          {key + lengths.key, lengths.payload},
          sizeof lengths + lengths.key + lengths.payload};
}

}  // namespace

// A run that is read from the file, a piece at a time.
class Sorter::RunReader {
 public:
  RunReader(int fd, Run run, std::size_t piece) : fd_(fd), at_(run.begin), end_(run.end), piece_(piece) {}

  // False: the run is over.
  bool next() {
    done_ += view_.size;
    view_ = {};
    if (!has(sizeof(Lengths))) return false;
    Lengths lengths;
    std::memcpy(&lengths, bytes_.data() + done_, sizeof lengths);
    has(sizeof lengths + lengths.key + lengths.payload);
    view_ = view_at(bytes_.data() + done_);
    return true;
  }
  const View& view() const { return view_; }

 private:
  bool has(std::size_t size) {
    while (bytes_.size() - done_ < size) {
      if (at_ == end_) return false;
      bytes_.erase(0, std::exchange(done_, 0));
      const std::size_t before = bytes_.size();
      const auto more = static_cast<std::size_t>(std::min<std::uint64_t>(piece_, end_ - at_));
      bytes_.resize(before + more);
      if (read_at(fd_, bytes_.data() + before, more, at_) != more)
        throw Error(ErrorKind::io, "the temporary file is shorter than what was written to it");
      at_ += more;
    }
    return true;
  }

  int fd_;
  std::uint64_t at_, end_;
  std::size_t piece_, done_ = 0;
  std::string bytes_;
  View view_;
};

Sorter::Sorter(std::size_t memory, std::string folder) : memory_(memory), folder_(std::move(folder)) {}

void Sorter::add(std::string_view key, std::string_view payload) {
  const Lengths lengths{static_cast<std::uint32_t>(key.size()), static_cast<std::uint32_t>(payload.size())};
  const std::lock_guard lock(mutex_);
  entries_.push_back(bytes_.size());
  bytes_.append(reinterpret_cast<const char*>(&lengths), sizeof lengths);
  bytes_ += key;
  bytes_ += payload;
  if (bytes_.size() + entries_.size() * sizeof(std::size_t) >= memory_ / 2) spill();
}

void Sorter::sort() {
  std::sort(entries_.begin(), entries_.end(), [this](std::size_t one, std::size_t other) {
    return view_at(bytes_.data() + one).key < view_at(bytes_.data() + other).key;
  });
}

void Sorter::spill() {
  if (runs_.empty()) file_ = temporary_file(folder_);
  sort();
  Run run{file_end_, file_end_};
  std::string piece;
  const auto write = [&] {
    write_at(file_.get(), folder_, piece, run.end);
    run.end += piece.size();
    piece.clear();
  };
  for (const std::size_t entry : entries_) {
    piece.append(bytes_, entry, view_at(bytes_.data() + entry).size);
    if (piece.size() >= memory_ / 16) write();
  }
  write();
  file_end_ = run.end;
  runs_.push_back(run);
  entries_.clear();
  bytes_.clear();
}

void Sorter::each(const std::function<void(std::string_view key, std::string_view payload)>& take) {
  if (runs_.empty()) {
    sort();
    for (const std::size_t entry : entries_) {
      const View view = view_at(bytes_.data() + entry);
      take(view.key, view.payload);
    }
    return;
  }
  if (!entries_.empty()) spill();
  bytes_ = {};
  entries_ = {};
  std::vector<RunReader> readers;
  for (const Run& run : runs_)
    readers.emplace_back(file_.get(), run, std::max<std::size_t>(4096, memory_ / 2 / runs_.size()));
  const auto later = [&readers](std::size_t one, std::size_t other) {
    return readers[one].view().key > readers[other].view().key;
  };
  std::priority_queue<std::size_t, std::vector<std::size_t>, decltype(later)> front(later);
  for (std::size_t i = 0; i < readers.size(); ++i)
    if (readers[i].next()) front.push(i);
  while (!front.empty()) {
    const std::size_t i = front.top();
    front.pop();
    take(readers[i].view().key, readers[i].view().payload);
    if (readers[i].next()) front.push(i);
  }
}

}  // namespace iso::reconcile
