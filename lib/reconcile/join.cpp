#include "reconcile/join.h"

#include <algorithm>
#include <array>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "reconcile/workers.h"

namespace iso {
namespace {

constexpr unsigned kDeepest = 3;  // levels of parts; what shares so many bits of a hash is mostly one key
constexpr std::size_t kSplitBuffer = 128;

bool before(const Entry& one, const Entry& other) {
  return one.key.high != other.key.high ? one.key.high < other.key.high : one.key.low < other.key.low;
}

// Hashes are even: after one pass by some of their bits few are left in each bucket.
class EntrySorter {
 public:
  void sort(std::vector<Entry>& entries, unsigned level) {
    if (entries.size() < kBuckets) return std::sort(entries.begin(), entries.end(), before);
    const auto bucket = [shift = 52 - 8 * (level + 1)](const Entry& entry) { return (entry.key.high >> shift) & (kBuckets - 1); };
    ends_.fill(0);
    for (const Entry& entry : entries) ++ends_[bucket(entry)];
    std::size_t end = 0;
    for (std::size_t& count : ends_) end += std::exchange(count, end);
    sorted_.resize(entries.size());
    for (const Entry& entry : entries) sorted_[ends_[bucket(entry)]++] = entry;
    std::size_t begin = 0;
    for (const std::size_t bucket_end : ends_) {
      std::sort(sorted_.begin() + static_cast<std::ptrdiff_t>(begin), sorted_.begin() + static_cast<std::ptrdiff_t>(bucket_end), before);
      begin = bucket_end;
    }
    entries.swap(sorted_);
  }

 private:
  static constexpr std::size_t kBuckets = 4096;
  std::array<std::size_t, kBuckets> ends_;
  std::vector<Entry> sorted_;
};

struct Shared {
  const Join& join;
  Partitions& left;
  Partitions& right;
  const std::atomic<int>& stop;
  std::mutex mutex;
  ReconcileTally tally;
};

class Joiner {
 public:
  explicit Joiner(Shared& shared) : shared_(shared), judge_(shared.join.judgement, shared.join.round) {}

  void operator()(std::size_t part) { join(shared_.left, shared_.right, part); }

  void finish() {
    const ReconcileTally& tally = judge_.finish();
    const std::lock_guard lock(shared_.mutex);
    shared_.tally.ok += tally.ok;
    for (std::size_t i = 0; i < tally.found.size(); ++i) shared_.tally.found[i] += tally.found[i];
  }

 private:
  void join(Partitions& left, Partitions& right, std::size_t part) {
    if (shared_.stop != 0) return;
    // Twice, since sorting copies.
    const bool fits = (left.size(part) + right.size(part)) * sizeof(Entry) * 2 <= shared_.join.memory;
    if (fits) return join_in_memory(left, right, part);
    if (left.level() + 1 < kDeepest) return split(left, right, part);
    group_all(left, right, part);
  }

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
    auto left = left_.cbegin(), right = right_.cbegin();
    while (left != left_.cend() || right != right_.cend()) {
      const bool from_left = right == right_.cend() || (left != left_.cend() && !before(*right, *left));
      const KeyHash key = from_left ? left->key : right->key;
      const auto left_end = run_end(left, left_.cend(), key), right_end = run_end(right, right_.cend(), key);
      const auto lefts = left_end - left, rights = right_end - right;
      if (lefts == 1 && rights == 1 && is_ok(*left, *right)) {
        judge_.ok();
      } else if (lefts + rights == 1) {
        lefts == 1 ? judge_.judge_left(*left) : judge_.judge_right(*right);
      } else {
        Group group;
        for (auto at = left; at != left_end; ++at) add_left(group, *at);
        for (auto at = right; at != right_end; ++at) add_right(group, *at);
        judge_.judge(key, group);
      }
      left = left_end;
      right = right_end;
    }
  }

  void add_left(Group& group, const Entry& entry) { group.add(judge_.judgement().left, false, entry); }
  void add_right(Group& group, const Entry& entry) { group.add(judge_.judgement().right, true, entry); }

  using At = std::vector<Entry>::const_iterator;
  static At run_end(At at, At end, KeyHash key) {
    while (at != end && at->key == key) ++at;
    return at;
  }

  static bool is_ok(const Entry& left, const Entry& right) {
    return left.content == right.content && !left.place.has(Place::doubtful) && !left.place.has(Place::conflict) &&
           !right.place.has(Place::conflict);
  }

  void split(Partitions& left, Partitions& right, std::size_t part) {
    Partitions finer_left(shared_.join.budget, shared_.join.folder, left.level() + 1, kSplitBuffer);
    Partitions finer_right(shared_.join.budget, shared_.join.folder, left.level() + 1, kSplitBuffer);
    distribute(left, part, finer_left);
    distribute(right, part, finer_right);
    for (std::size_t finer = 0; finer < Partitions::kParts; ++finer) join(finer_left, finer_right, finer);
  }

  static void distribute(Partitions& from, std::size_t part, Partitions& to) {
    Partitions::Writer writer(to);
    from.take_in_pieces(part, [&writer](const Entry& entry) { writer.add(entry); });
    writer.flush();
  }

  // Parts that stay large have few keys with many copies.
  void group_all(Partitions& left, Partitions& right, std::size_t part) {
    struct Hash {
      std::size_t operator()(const KeyHash& key) const { return key.low; }
    };
    std::unordered_map<KeyHash, Group, Hash> groups;
    left.take_in_pieces(part, [&](const Entry& entry) { add_left(groups[entry.key], entry); });
    right.take_in_pieces(part, [&](const Entry& entry) { add_right(groups[entry.key], entry); });
    for (const auto& [key, group] : groups) judge_.judge(key, group);
  }

  Shared& shared_;
  Judge judge_;
  EntrySorter sorter_;
  std::vector<Entry> left_, right_;
};

}  // namespace

ReconcileTally join(const Join& join, Partitions& left, Partitions& right, const std::atomic<int>& stop) {
  Shared shared{join, left, right, stop, {}, {}};
  Workers<std::size_t> workers(join.threads, [&shared] { return Joiner(shared); });
  for (std::size_t part = 0; part < Partitions::kParts; ++part)
    if (left.size(part) + right.size(part) != 0) workers.put(part);
  workers.finish();
  return shared.tally;
}

}  // namespace iso
