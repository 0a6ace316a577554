#include "reconcile/join/match_by_hash.h"

#include <algorithm>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "reconcile/join/part_join.h"
#include "reconcile/join/workers.h"
#include "reconcile/json/mix.h"

namespace iso::reconcile {
namespace {

// The rows of one side that have to be read: where a key is told from another by one side alone.
struct Half {
  Side& side;
  Rows& rows;
  Partitions entries;
  std::vector<std::int64_t> chosen;
  std::uint64_t count = 0;
};

bool looks_into_bodies(const Rule& rule) {
  return !rule.compared || std::any_of(rule.below.begin(), rule.below.end(),
                                       [](const auto& place) { return is_body_field(place.name); });
}

Rows* rows_of(const Side& side) {
  ItemSource* const source = side.text->source();
  return !source || side.present || looks_into_bodies(side.rule) ? nullptr : source->rows();
}

class HashMatching {
 public:
  HashMatching(Side& left, Rows& left_rows, Side& right, Rows& right_rows, const HashMatch& with,
               const std::atomic<int>& stop)
      : options_(with.options),
        memory_{with.budget, options_.folder, options_.memory / 8 / options_.threads},
        most_(options_.memory / 32 / sizeof(std::int64_t)),
        stop_(stop),
        left_{left, left_rows, {with.budget, options_.folder, 0, with.buffer}, {}},
        right_{right, right_rows, {with.budget, options_.folder, 0, with.buffer}, {}} {}

  std::uint64_t run() {
    // Each side by a thread of its own.
    Workers<Half*> other(1, 1, [this] { return Other{*this}; });
    other.put(&right_);
    look_at(left_,
            [this] { options_.progress(left_.side, left_.rows.hashed_bytes(), left_.rows.bytes_to_hash()); });
    other.finish();
    Workers<std::size_t> workers(options_.threads, options_.threads, [this] { return Comparer(*this); });
    for (std::size_t part = 0; part < Partitions::kParts; ++part)
      if (left_.entries.size(part) + right_.entries.size(part) != 0) workers.put(part);
    workers.finish();
    const bool useful = alike_ > std::max(left_.count, right_.count) / 2;
    if (!useful || too_many_ || stop_ != 0) return 0;
    for (Half* const half : {&left_, &right_}) {
      std::sort(half->chosen.begin(), half->chosen.end());
      half->rows.choose(std::move(half->chosen));
    }
    return alike_;
  }

 private:
  struct Other {
    HashMatching& all;
    void operator()(Half* half) {
      all.look_at(*half, [] {});
    }
    void finish() {}
  };

  // Tells the keys of a part that are alike from the rows that have to be read.
  class Comparer {
   public:
    explicit Comparer(HashMatching& all) : all_(all), parts_(all.memory_, all.stop_, *this) {}

    void operator()(std::size_t part) { parts_.join(all_.left_.entries, all_.right_.entries, part); }

    void finish() {
      const std::lock_guard lock(all_.mutex_);
      all_.alike_ += alike_;
      all_.choose(all_.left_, left_);
      all_.choose(all_.right_, right_);
    }

    void one_key(std::uint64_t, std::span<const Entry> lefts, std::span<const Entry> rights) {
      if (lefts.size() == 1 && rights.size() == 1 && are_ok(lefts[0], rights[0])) {
        ++alike_;
        return;
      }
      for (const Entry& entry : lefts) choose(left_, entry);
      for (const Entry& entry : rights) choose(right_, entry);
    }

    void large_part(Partitions& left, Partitions& right, std::size_t part) {
      left.take_in_pieces(part, [this](const Entry& entry) { choose(left_, entry); });
      right.take_in_pieces(part, [this](const Entry& entry) { choose(right_, entry); });
    }

   private:
    void choose(std::vector<std::int64_t>& rows, const Entry& entry) {
      if (!all_.too_many_) rows.push_back(static_cast<std::int64_t>(entry.place.offset()));
      if (rows.size() > all_.most_) all_.too_many_ = true;
    }

    HashMatching& all_;
    PartJoin<Comparer> parts_;
    std::vector<std::int64_t> left_, right_;
    std::uint64_t alike_ = 0;
  };

  template <class Progress>
  void look_at(Half& half, Progress progress) {
    Digester digester(half.side.rule, half.side.key.size(), options_.seed);
    Partitions::Writer writer(half.entries);
    std::string line;
    const auto take = [&](const Rows::Row& row) {
      ++half.count;
      const std::vector<std::int64_t> alone{row.state.row};
      if (row.head.empty()) return choose(half, alone);
      line.assign(row.head).append(1, '\n').append(Digester::kPadding, '\0');
      const Digest digest = digester.read(line.data());
      if (digest.state != Digest::State::item) return choose(half, alone);
      const std::uint64_t content = mix(digest.content, digester.hash(row.body));
      writer.add({digest.key.high & options_.key_bits, content,
                  Place(static_cast<std::uint64_t>(row.state.row), flags_of(row.state))});
    };
    while (stop_ == 0 && !too_many_ && half.rows.look_at(take)) progress();
    writer.flush();
  }

  void choose(Half& half, const std::vector<std::int64_t>& rows) {
    if (half.chosen.size() + rows.size() > most_) too_many_ = true;
    if (!too_many_) half.chosen.insert(half.chosen.end(), rows.begin(), rows.end());
  }

  const ReconcileOptions& options_;
  const PartMemory memory_;
  const std::size_t most_;  // rows of a side that are chosen, or all are read
  const std::atomic<int>& stop_;
  Half left_, right_;
  std::mutex mutex_;
  std::uint64_t alike_ = 0;
  std::atomic<bool> too_many_ = false;
};

}  // namespace

std::uint64_t match_by_hash(Side& left, Side& right, const HashMatch& with, const std::atomic<int>& stop) {
  Rows* const left_rows = rows_of(left);
  Rows* const right_rows = rows_of(right);
  return left_rows && right_rows ? HashMatching(left, *left_rows, right, *right_rows, with, stop).run() : 0;
}

}  // namespace iso::reconcile
