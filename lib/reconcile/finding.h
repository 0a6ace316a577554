#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "reconcile/json/patch.h"
#include "reconcile/sides/side.h"
#include "reconcile/status.h"

namespace iso::reconcile {

// The changes that turn the compared part of a left item into that of a right one. In messages, an id that
// only right has was generated on the way, and is not a difference.
struct Difference {
  std::vector<Change> changes;
  std::unique_ptr<std::string> made;  // JSON that a change points into and no item holds
  bool is_left_out = false;           // there is one, and no room to say which
};
Difference difference(const Side& left_side, const Item& left, const Side& right_side, const Item& right);

// Whether two items of the right side differ only in ids that were generated on the way, because left has
// none, or has no item of this key at all (`left` is null).
bool are_copies(const Side& left_side, const Item* left, const Side& right_side, const Item& one,
                const Item& other);

// A finding as it is kept until all are sorted: where to read its items again. Trivially copyable.
struct FindingRef {
  struct Copies {
    std::uint32_t count = 0;
    bool has_other = false;
    Place first;
    Place other;  // one with another content
  };
  Status status = Status::invalid;
  Copies left, right;
};

// One complete finding.
struct Finding {
  struct Found {
    const Side* side = nullptr;
    Place place;
    std::unique_ptr<Item> item;
    std::uint64_t line = 0;  // from 1; 0: it is a row
  };
  struct Copies {
    std::uint32_t count = 0;
    std::optional<Found> first, other;
  };

  Status status = Status::invalid;
  std::string key;  // JSON
  Copies left, right;
  Difference difference;               // different
  std::vector<std::string> lacks;      // unacked: the applications
  std::string error;                   // invalid: why; different: why there is no patch
  std::optional<std::int64_t> age_ms;  // of what is missing or on its way
};

// Reads findings again. For any thread.
class FindingReader {
 public:
  FindingReader(const Side& left, const Side& right, const Expected& expected, std::int64_t now_ms)
      : left_(left), right_(right), expected_(expected), now_ms_(now_ms) {}
  Finding read(const FindingRef& ref) const;

 private:
  std::optional<std::int64_t> age_of(const Item& item, const Side& side) const;

  const Side& left_;
  const Side& right_;
  const Expected& expected_;
  std::int64_t now_ms_;
};

// One line of JSON, without its line break.
void append_finding(std::string& out, const Finding& finding);
void append_summary(std::string& out, const ReconcileTally& tally, std::uint64_t repaired, int exit_code);

}  // namespace iso::reconcile
