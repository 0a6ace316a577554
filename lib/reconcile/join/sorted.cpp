#include <fmt/core.h>
#include <optional>
#include <utility>

#include "base/error.h"
#include "reconcile/join/join.h"
#include "reconcile/reconcile.h"

namespace iso::reconcile {
namespace {

// The items of one side, one after the other.
class SortedItems {
 public:
  SortedItems(const Side& side, const ReconcileOptions& options, const std::atomic<int>& stop,
              std::function<void(Place)> invalid)
      : side_(side),
        options_(options),
        stop_(stop),
        invalid_(std::move(invalid)),
        digester_(side.rule, side.key.size(), options.seed, side.most_tree) {
    next();
  }

  bool ended() const { return ended_; }
  const std::string& key() const { return key_; }
  const Entry& entry() const { return entry_; }
  std::uint64_t items() const { return items_; }

  void next() {
    std::string before = std::move(key_);
    while (next_line()) {
      const auto [digest, size, flags, blank] = read_line(side_, options_.expected, digester_, walk_.lines());
      const Place place(walk_.offset(), flags);
      walk_.skip(size);
      if (blank) continue;
      ++items_;
      if (digest.state != Digest::State::item) {
        invalid_(place);
        continue;
      }
      entry_ = {digest.key.high, digest.content, place};
      LineFile::Seen& seen = side_.text->seen();
      seen.items = true;
      seen.compared = seen.compared || digest.has_compared;
      key_.clear();
      for (std::size_t part = 0; part < side_.key.size(); ++part)
        append_ordered_part(key_, digester_.key_part(part));
      if (key_ < before)
        throw Error(ErrorKind::data,
                    fmt::format("{}, line {}: its key belongs before the one above; sort the side, or leave "
                                "--sorted out",
                                side_.name, side_.line_number(place)));
      return;
    }
    ended_ = true;
  }

 private:
  bool next_line() {
    while (!walk_.more()) {
      if (stop_ != 0 || !side_.text->next(block_)) return false;
      if (block_.size == 0) continue;
      if (block_.is_too_long) {
        side_.text->mark({block_.offset, lines_++});
        ++items_;
        invalid_(Place(block_.offset, 0));
        continue;
      }
      walk_ = BlockWalk(side_.text->bytes(block_, room_), block_.offset);
      options_.progress(side_, side_.text->offset(), side_.text->size());
    }
    side_.text->mark({walk_.offset(), lines_++});
    return true;
  }

  const Side& side_;
  const ReconcileOptions& options_;
  const std::atomic<int>& stop_;
  std::function<void(Place)> invalid_;
  Digester digester_;
  Block block_;
  std::string room_;
  BlockWalk walk_{{}, 0};
  std::uint64_t lines_ = 0, items_ = 0;
  std::string key_;
  Entry entry_;
  bool ended_ = false;
};

}  // namespace

ReconcileTally reconcile_sorted(Side& left, Side& right, const ReconcileOptions& options,
                                const std::atomic<int>& stop,
                                const std::function<void(const Finding&)>& found) {
  const std::int64_t now = options.clock.wall().time_since_epoch().count();
  const FindingReader reader(left, right, options.expected, now);
  const auto tell = [&](const FindingRef& ref) {
    if (found) found(reader.read(ref));
  };
  std::uint64_t invalid = 0;
  const auto invalid_on = [&](FindingRef::Copies FindingRef::*side) {
    return [&, side](Place place) {
      ++invalid;
      FindingRef ref;
      ref.*side = {1, false, place, {}};
      tell(ref);
    };
  };
  Budget none(0);
  Partitions nowhere(none, options.folder, 0, 1);
  const Comparands comparands{left,
                              right,
                              options.expected,
                              now,
                              options.grace.count(),
                              options.stuck_after.count(),
                              [&](std::string_view, const FindingRef& ref) { tell(ref); },
                              nowhere,
                              nowhere};
  Classifier classifier(comparands, Round::only);
  SortedItems lefts(left, options, stop, invalid_on(&FindingRef::left)),
      rights(right, options, stop, invalid_on(&FindingRef::right));
  while (stop == 0 && !(lefts.ended() && rights.ended())) {
    const bool from_left = rights.ended() || (!lefts.ended() && lefts.key() <= rights.key());
    const std::string key = from_left ? lefts.key() : rights.key();
    Variants of_left, of_right;
    for (; !lefts.ended() && lefts.key() == key; lefts.next()) of_left.add(lefts.entry());
    for (; !rights.ended() && rights.key() == key; rights.next())
      classifier.items().add_right(of_right, rights.entry(), of_left);
    if (stop != 0) break;  // then a side may only seem to have no more
    classifier.classify_known(key, of_left, of_right);
  }
  if (stop == 0) check_compared(left, right);
  ReconcileTally tally = classifier.finish();
  tally.left = lefts.items();
  tally.right = rights.items();
  tally.found[static_cast<std::size_t>(Status::invalid)] = invalid;
  return tally;
}

}  // namespace iso::reconcile
