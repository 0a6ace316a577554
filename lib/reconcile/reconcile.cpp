#include "reconcile/reconcile.h"

#include <algorithm>
#include <cstring>
#include <future>
#include <memory>
#include <utility>

#include "reconcile/join/join.h"
#include "reconcile/join/match_by_hash.h"
#include "reconcile/join/workers.h"
#include "reconcile/sides/sorter.h"

namespace iso::reconcile {
namespace {

// After all that have a key.
std::string keyless(bool is_right, Place place) {
  std::string key(is_right ? "\xFF\1" : "\xFF");
  for (int shift = 56; shift >= 0; shift -= 8) key += static_cast<char>(place.offset() >> shift);
  return key;
}

// Reads findings, some at once on all cores, and tells of them in the order they came.
class FindingReporter {
 public:
  // `most` are read at once.
  FindingReporter(const FindingReader& reader, unsigned threads, std::size_t most,
                  const std::function<void(const Finding&)>& found)
      : reader_(reader), threads_(threads), most_(most), found_(found) {}

  void add(const FindingRef& ref) {
    some_.push_back({ref, {}});
    if (some_.size() >= most_) tell();
  }

  void tell() {
    if (some_.size() < kWorthThreads) {
      for (One& one : some_) one.finding = reader_.read(one.ref);
    } else {
      Workers<One*> workers(threads_, some_.size(), [this] { return Reading{reader_}; });
      for (One& one : some_) workers.put(&one);
      workers.finish();
    }
    for (const One& one : some_) found_(one.finding);
    some_.clear();
  }

 private:
  static constexpr std::size_t kWorthThreads = 16;

  struct One {
    FindingRef ref;
    Finding finding;
  };
  struct Reading {
    const FindingReader& reader;

    void operator()(One* one) const { one->finding = reader.read(one->ref); }
    void finish() const {}
  };

  const FindingReader& reader_;
  unsigned threads_;
  std::size_t most_;
  std::vector<One> some_;
  const std::function<void(const Finding&)>& found_;
};

// A comparison under way.
class Reconciliation {
 public:
  Reconciliation(Side& left, Side& right, const ReconcileOptions& options, const std::atomic<int>& stop)
      : left_(left),
        right_(right),
        options_(options),
        stop_(stop),
        now_ms_(options.clock.wall().time_since_epoch().count()),
        buffer_(std::clamp<std::size_t>(
            options.memory / kHalf / Partitions::kParts / 8 / options.threads / sizeof(Entry), 16, 1024)),
        budget_(options.memory / kHalf),
        findings_(options.memory / 8, options.folder) {}

  ReconcileTally run(const std::function<void(const Finding&)>& found) {
    tells_ = found != nullptr;
    Partitions missing = partitions(), extra = partitions();
    first_look(missing, extra);
    if (stop_ == 0) check_compared(left_, right_);
    second_look(missing, extra);
    if (tells_ && stop_ == 0) tell(found);
    return tally_;
  }

 private:
  static constexpr std::size_t kHalf = 2;

  auto adder() {
    return [this](std::string_view key, const FindingRef& ref) {
      if (tells_) findings_.add(key, {reinterpret_cast<const char*>(&ref), sizeof ref});
    };
  }

  Partitions partitions() { return {budget_, options_.folder, 0, buffer_}; }

  void first_look(Partitions& missing, Partitions& extra) {
    if (options_.hash_pre_pass)
      tally_.ok = tally_.left = tally_.right =
          match_by_hash(left_, right_, {options_, budget_, buffer_}, stop_);
    const auto make = [this] { return std::make_unique<Partitions>(budget_, options_.folder, 0U, buffer_); };
    auto left = make(), right = make();
    tally_.left += read(left_, *left_.text, false, *left);
    tally_.right += read(right_, *right_.text, false, *right);
    join_round(Round::first, *left, *right, missing, extra);
    // To give up what was spilled takes as long as reading some of it, and nobody has to wait for that.
    freeing_ = std::async(std::launch::async, [left = std::move(left), right = std::move(right)]() mutable {
      left.reset();
      right.reset();
    });
  }

  void second_look(Partitions& missing, Partitions& extra) {
    if (!missing.empty()) {
      Partitions come = partitions(), none = partitions();
      right_.later = right_.text->reopen_for_changes();
      if (right_.later) read(right_, *right_.later, true, come);
      join_round(Round::of_missing, missing, come, none, none);
    }
    if (!extra.empty()) {
      Partitions come = partitions(), none = partitions();
      left_.later = left_.text->reopen_for_changes();
      if (left_.later) read(left_, *left_.later, true, come);
      join_round(Round::of_extra, come, extra, none, none);
    }
  }

  std::uint64_t read(const Side& side, LineFile& text, bool later, Partitions& to) {
    const bool is_right = &side == &right_;
    Scan pass{side, text, later, options_.expected, options_.seed, options_.threads, {}, {}};
    pass.key_bits = options_.key_bits;
    pass.progress = [&] { options_.progress(side, text.offset(), text.size()); };
    pass.invalid = [&](Place place) {
      if (later) return;  // someone may still be writing it
      ++tally_.found[static_cast<std::size_t>(Status::invalid)];
      FindingRef ref;
      (is_right ? ref.right : ref.left) = {1, false, place, {}};
      adder()(keyless(is_right, place), ref);
    };
    return scan(pass, to, stop_);
  }

  void join_round(Round round, Partitions& left, Partitions& right, Partitions& missing, Partitions& extra) {
    const Comparands comparands{left_,
                                right_,
                                options_.expected,
                                now_ms_,
                                options_.grace.count(),
                                options_.stuck_after.count(),
                                adder(),
                                missing,
                                extra};
    const Join work{comparands,      round, budget_, options_.folder, options_.memory / 8 / options_.threads,
                    options_.threads};
    tally_ += join(work, left, right, stop_);
  }

  void tell(const std::function<void(const Finding&)>& found) {
    const FindingReader reader(left_, right_, options_.expected, now_ms_);
    FindingReporter teller(reader, options_.threads, at_once(), found);
    findings_.each([&](std::string_view, std::string_view payload) {
      if (stop_ != 0) return;
      FindingRef ref;
      std::memcpy(&ref, payload.data(), sizeof ref);
      teller.add(ref);
    });
    teller.tell();
  }

  // How many findings, so that even those of the longest lines have room.
  std::size_t at_once() const {
    const std::size_t line = std::max(left_.longest_line(), right_.longest_line());
    return std::max<std::size_t>(1, options_.memory / 64 / (4 * line + sizeof(Finding)));
  }

  Side& left_;
  Side& right_;
  const ReconcileOptions& options_;
  const std::atomic<int>& stop_;
  std::int64_t now_ms_;
  std::size_t buffer_;
  Budget budget_;
  Sorter findings_;
  std::future<void> freeing_;  // its end is waited for
  bool tells_ = false;
  ReconcileTally tally_;
};

}  // namespace

ReconcileTally reconcile(Side& left, Side& right, const ReconcileOptions& options,
                         const std::atomic<int>& stop, const std::function<void(const Finding&)>& found) {
  return Reconciliation(left, right, options, stop).run(found);
}

}  // namespace iso::reconcile
