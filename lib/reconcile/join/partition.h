#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/file.h"
#include "reconcile/sides/entry.h"

namespace iso::reconcile {

// How many bytes of entries may be in memory at once, for all who share it.
class Budget {
 public:
  explicit Budget(std::size_t bytes) : left_(static_cast<std::ptrdiff_t>(bytes)) {}
  bool take(std::size_t bytes);  // false: there is no room
  void give(std::size_t bytes) { left_ += static_cast<std::ptrdiff_t>(bytes); }

 private:
  std::atomic<std::ptrdiff_t> left_;
};

// Entries apart by a byte of their keys' hashes, so that two sides can be joined part by part. What has no
// room in memory goes to a file without a name.
class Partitions {
 public:
  static constexpr std::size_t kParts = 256;

  // `level` says by which byte: 0 is the first. `buffer` is how many entries of a part a writer holds back.
  Partitions(Budget& budget, std::string folder, unsigned level, std::size_t buffer);
  ~Partitions();

  // For one thread; many may write at once. What is held back goes in at the end of its life, or at flush().
  class Writer {
   public:
    explicit Writer(Partitions& to);
    void add(const Entry& entry);
    void flush();  // throws ErrorKind::io

   private:
    Partitions& to_;
    std::vector<std::vector<Entry>> held_;
  };

  bool empty() const;
  std::size_t size(std::size_t part) const { return parts_[part].size; }
  // Appends a part's entries to `out`; they are not here any more.
  void take(std::size_t part, std::vector<Entry>& out);
  // The same in pieces, for a part that is too large to be in memory.
  template <class Each>
  void take_in_pieces(std::size_t part, Each each);

  unsigned level() const { return level_; }

 private:
  struct Extent {
    std::uint64_t offset = 0;
    std::size_t entries = 0;
  };
  struct Part {
    std::mutex mutex;
    std::size_t size = 0;
    std::vector<std::vector<Entry>> in_memory;
    std::vector<Extent> on_disk;
  };

  std::size_t part_of(const Entry& entry) const { return (entry.key >> (56 - 8 * level_)) & 0xFF; }
  void put(std::size_t part, std::vector<Entry>& entries);
  void spill(Part& part, const std::vector<Entry>& entries);
  void read(const Extent& extent, std::vector<Entry>& out) const;

  Budget& budget_;
  std::string folder_;
  unsigned level_;
  std::size_t buffer_;
  std::array<Part, kParts> parts_;
  std::once_flag file_made_;
  Descriptor file_;
  std::atomic<std::uint64_t> end_ = 0;
};

// Here, so that an entry is made where it is held.
inline void Partitions::Writer::add(const Entry& entry) {
  const std::size_t part = to_.part_of(entry);
  auto& held = held_[part];
  if (held.capacity() == 0) held.reserve(to_.buffer_);
  held.push_back(entry);
  if (held.size() == to_.buffer_) to_.put(part, held);
}

template <class Each>
void Partitions::take_in_pieces(std::size_t index, Each each) {
  Part& part = parts_[index];
  for (auto& entries : part.in_memory) {
    for (const Entry& entry : entries) each(entry);
    budget_.give(entries.size() * sizeof(Entry));
    entries = {};
  }
  std::vector<Entry> entries;
  for (const Extent& extent : part.on_disk) {
    entries.clear();
    read(extent, entries);
    for (const Entry& entry : entries) each(entry);
  }
  part.in_memory.clear();
  part.on_disk.clear();
  part.size = 0;
}

}  // namespace iso::reconcile
