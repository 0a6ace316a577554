#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "reconcile/join/partition.h"

namespace iso::reconcile {

// By key, and copies by where they are, so that each run names the same one. Hashes are even: after one pass
// by some of their bits few are left in each bucket.
class EntrySorter {
 public:
  // `level` is that of the partitions whose part it is.
  void sort(std::vector<Entry>& entries, unsigned level) {
    const auto bits = std::min(kMostBits, static_cast<unsigned>(std::bit_width(entries.size() / kInBucket)));
    const auto bucket = [shift = 64 - 8 * (level + 1) - bits, mask = (1U << bits) - 1](const Entry& entry) {
      return (entry.key >> shift) & mask;
    };
    ends_.assign(std::size_t{1} << bits, 0);
    for (const Entry& entry : entries) ++ends_[bucket(entry)];
    std::size_t end = 0;
    for (std::size_t& count : ends_) end += std::exchange(count, end);
    sorted_.resize(entries.size());
    for (const Entry& entry : entries) sorted_[ends_[bucket(entry)]++] = entry;
    auto begin = sorted_.begin();
    for (const std::size_t bucket_end : ends_) {
      const auto next = sorted_.begin() + static_cast<std::ptrdiff_t>(bucket_end);
      std::sort(begin, next, [](const Entry& one, const Entry& other) {
        return one.key == other.key ? one.place.offset() < other.place.offset() : one.key < other.key;
      });
      begin = next;
    }
    entries.swap(sorted_);
  }

 private:
  static constexpr unsigned kMostBits = 12;  // so that where each bucket grows stays in a core's cache
  static constexpr std::size_t kInBucket = 4;
  std::vector<std::size_t> ends_;
  std::vector<Entry> sorted_;
};

struct PartMemory {
  Budget& budget;
  const std::string& folder;
  std::size_t bytes = 0;  // for the entries of a part while it is joined, on each thread
};

// Puts the same part of two sides together: `take` gets the entries of each key, from left and from right. A
// part that does not fit into memory is split; if that is of no use `take` gets it as it is. For one thread.
template <class Take>
class PartJoin {
 public:
  PartJoin(PartMemory memory, const std::atomic<int>& stop, Take& take)
      : memory_(memory), stop_(stop), take_(take) {}

  void join(Partitions& left, Partitions& right, std::size_t part) {
    if (stop_ != 0) return;
    // Twice, since sorting copies.
    const bool fits = (left.size(part) + right.size(part)) * sizeof(Entry) * 2 <= memory_.bytes;
    if (fits) return join_in_memory(left, right, part);
    if (left.level() + 1 < kDeepest) return split(left, right, part);
    take_.large_part(left, right, part);
  }

 private:
  // Levels of parts; what shares so many bits of a hash is mostly one key.
  static constexpr unsigned kDeepest = 3;
  static constexpr std::size_t kSplitBuffer = 128;

  void join_in_memory(Partitions& left, Partitions& right, std::size_t part) {
    left_.clear();
    right_.clear();
    left.take(part, left_);
    right.take(part, right_);
    sorter_.sort(left_, left.level());
    sorter_.sort(right_, right.level());
    merge();
  }

  void merge() {
    std::span<const Entry> left = left_, right = right_;
    while (!left.empty() || !right.empty()) {
      const bool from_left = right.empty() || (!left.empty() && left.front().key <= right.front().key);
      const std::uint64_t key = from_left ? left.front().key : right.front().key;
      const auto lefts = take_run(left, key), rights = take_run(right, key);
      take_.one_key(key, lefts, rights);
    }
  }

  static std::span<const Entry> take_run(std::span<const Entry>& from, std::uint64_t key) {
    std::size_t count = 0;
    while (count < from.size() && from[count].key == key) ++count;
    const auto run = from.first(count);
    from = from.subspan(count);
    return run;
  }

  void split(Partitions& left, Partitions& right, std::size_t part) {
    Partitions finer_left(memory_.budget, memory_.folder, left.level() + 1, kSplitBuffer);
    Partitions finer_right(memory_.budget, memory_.folder, left.level() + 1, kSplitBuffer);
    distribute(left, part, finer_left);
    distribute(right, part, finer_right);
    for (std::size_t finer = 0; finer < Partitions::kParts; ++finer) join(finer_left, finer_right, finer);
  }

  static void distribute(Partitions& from, std::size_t part, Partitions& to) {
    Partitions::Writer writer(to);
    from.take_in_pieces(part, [&writer](const Entry& entry) { writer.add(entry); });
    writer.flush();
  }

  PartMemory memory_;
  const std::atomic<int>& stop_;
  Take& take_;
  EntrySorter sorter_;
  std::vector<Entry> left_, right_;
};

}  // namespace iso::reconcile
