#include "reconcile/join/join.h"

#include <mutex>
#include <span>
#include <unordered_map>

#include "reconcile/join/part_join.h"
#include "reconcile/join/workers.h"

namespace iso::reconcile {
namespace {

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
  explicit Joiner(Shared& shared)
      : shared_(shared),
        classifier_(shared.join.comparands, shared.join.round),
        parts_({shared.join.budget, shared.join.folder, shared.join.memory}, shared.stop, *this) {}

  void operator()(std::size_t part) { parts_.join(shared_.left, shared_.right, part); }

  void finish() {
    const ReconcileTally& tally = classifier_.finish();
    const std::lock_guard lock(shared_.mutex);
    shared_.tally += tally;
  }

  void one_key(std::uint64_t key, std::span<const Entry> lefts, std::span<const Entry> rights) {
    if (lefts.size() == 1 && rights.size() == 1 && are_ok(lefts[0], rights[0])) {
      classifier_.ok();
    } else if (lefts.size() + rights.size() == 1) {
      lefts.size() == 1 ? classifier_.classify_left(lefts[0]) : classifier_.classify_right(rights[0]);
    } else {
      Group group;
      for (const Entry& entry : lefts) add_left(group, entry);
      for (const Entry& entry : rights) add_right(group, entry);
      classifier_.classify_group(key, group);
    }
  }

  // Parts that stay large have few keys with many copies.
  void large_part(Partitions& left, Partitions& right, std::size_t part) {
    std::unordered_map<std::uint64_t, Group> groups;
    left.take_in_pieces(part, [&](const Entry& entry) { add_left(groups[entry.key], entry); });
    right.take_in_pieces(part, [&](const Entry& entry) { add_right(groups[entry.key], entry); });
    for (const auto& [key, group] : groups) classifier_.classify_group(key, group);
  }

 private:
  void add_left(Group& group, const Entry& entry) { group.add(classifier_.items(), false, entry); }
  void add_right(Group& group, const Entry& entry) { group.add(classifier_.items(), true, entry); }

  Shared& shared_;
  Classifier classifier_;
  PartJoin<Joiner> parts_;
};

}  // namespace

ReconcileTally join(const Join& join, Partitions& left, Partitions& right, const std::atomic<int>& stop) {
  Shared shared{join, left, right, stop, {}, {}};
  Workers<std::size_t> workers(join.threads, join.threads, [&shared] { return Joiner(shared); });
  for (std::size_t part = 0; part < Partitions::kParts; ++part)
    if (left.size(part) + right.size(part) != 0) workers.put(part);
  workers.finish();
  return shared.tally;
}

}  // namespace iso::reconcile
