#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "reconcile/finding.h"
#include "reconcile/join/partition.h"
#include "reconcile/sides/side.h"
#include "reconcile/status.h"

namespace iso::reconcile {

// What is done with what only one side has.
enum class Round {
  first,       // kept, to be sought among what came meanwhile
  of_missing,  // left is what was missing: it is, unless it is here now; what only right has does not count
  of_extra,    // the other way round
  only,        // nothing else comes
};

struct Comparands {
  const Side& left;
  const Side& right;
  const Expected& expected;
  std::int64_t now_ms = 0, grace_ms = 0, stuck_after_ms = 0;
  std::function<void(std::string_view key, const FindingRef& ref)>
      found;  // from any thread; `key` is an ordered_key
  Partitions& missing;
  Partitions& extra;

  bool asks_for_answers() const { return right.ledger && !expected.empty(); }
};

// One content of an item.
struct Variant {
  std::uint64_t content = 0;
  Place place;
};

// The items of one side that have one key: those with the same content as one. The first of each that is
// known to be sent speaks for its copies, and the first of all comes first: what is said of them does not
// depend on the order in which they are added.
struct Variants {
  std::vector<Variant> some;  // no more than a few, since two are a conflict
  std::uint32_t copies = 0;   // of all

  // `same` says of two contents whether they are the same all the same.
  using Same = std::function<bool(Place known, Place added)>;
  void add(const Entry& entry, const Same& same = {});
};

// Reads items again, and keeps the last of each side, since the next question is mostly about it too.
class LastItems {
 public:
  LastItems(const Side& left, const Side& right) : sides_{{{left, {}, {}}, {right, {}, {}}}} {}

  // It lives until the next one of its side.
  const Item& left(Place place) { return read(sides_[0], place); }
  const Item& right(Place place) { return read(sides_[1], place); }
  std::string key(bool is_right, Place place);  // an ordered_key
  // Adds a right item to those of its key. Copies that differ in an id alone, which left has not, are the
  // same: iso made that id each time it sent the one that left has.
  void add_right(Variants& rights, const Entry& entry, const Variants& lefts);

 private:
  struct Last {
    const Side& side;
    Place place;
    std::unique_ptr<Item> item;
  };
  static const Item& read(Last& last, Place place);

  std::array<Last, 2> sides_;
};

// Entries whose keys have one hash. Equal hashes are no proof of equal keys: the keys themselves are read.
class Group {
 public:
  struct Sides {
    Variants left, right;
  };

  void add(LastItems& items, bool is_right, const Entry& entry);
  const std::map<std::string, Sides>& by_key() const { return by_key_; }  // by ordered_key

 private:
  struct Known {
    std::uint64_t content = 0;
    bool conflict = false;
    std::string key;
  };
  std::map<std::string, Sides> by_key_;
  std::array<std::vector<Known>, 2> known_;  // contents that were met, so that a copy is not read
};

// Says what the entries of one key mean. For one thread.
class Classifier {
 public:
  Classifier(const Comparands& comparands, Round round);

  void ok() { ++tally_.ok; }
  // An entry whose hash no other has.
  void classify_left(const Entry& entry);
  void classify_right(const Entry& entry);
  void classify_group(std::uint64_t key, const Group& group);
  // All there is of a key that was read.
  void classify_known(const std::string& text, const Variants& left, const Variants& right) {
    classify(0, text, left, right);
  }
  const ReconcileTally& finish();  // writes out what is held back

  LastItems& items() { return items_; }

 private:
  void classify(std::uint64_t key, const std::string& text, const Variants& left, const Variants& right);
  void only_left(std::uint64_t key, const std::string& text, const Variants& left);
  void only_right(std::uint64_t key, const std::string& text, const Variants& right);
  void both(const std::string& text, const Variants& left, const Variants& right);
  bool are_different(Place left, Place right);
  std::string key_alone(const Variants& left, const Variants& right);
  const Item& left_item(const Variants& left) { return items_.left(left.some[0].place); }
  bool may_be_deleted(const Item& item, const Side& own, const Side& other) const;
  bool is_within(const Item& left, std::int64_t limit_ms) const;
  bool is_just_sent(const Item& left) const;
  Status unless_on_its_way(const Item& left, Status status) const;
  void report(Status status, const std::string& key, const Variants& left, const Variants& right);

  const Comparands& comparands_;
  Round round_;
  LastItems items_;
  ReconcileTally tally_;
  Partitions::Writer missing_, extra_;
};

// Joins two sides part by part, `threads` at once, each with `memory` bytes for a part.
struct Join {
  const Comparands& comparands;
  Round round = Round::first;
  Budget& budget;
  std::string folder;
  std::size_t memory = 0;
  unsigned threads = 1;
};
ReconcileTally join(const Join& join, Partitions& left, Partitions& right, const std::atomic<int>& stop);

}  // namespace iso::reconcile
