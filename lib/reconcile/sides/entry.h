#pragma once

#include <cstdint>

#include "reconcile/json/digest.h"

namespace iso::reconcile {

// Where an item is: the offset of its line in the text of its side, and what else is known about it.
class Place {
 public:
  enum Flag : std::uint8_t {
    unsent = 1,    // not sent as far as its store knows
    conflict = 2,  // its store keeps it as a conflict with another of the same key
    later = 4,     // it came after the first look
  };

  Place() = default;
  Place(std::uint64_t offset, std::uint8_t flags) : bits_(offset << 8 | flags) {}

  std::uint64_t offset() const { return bits_ >> 8; }
  bool has(Flag flag) const { return (bits_ & flag) != 0; }
  bool operator==(const Place&) const = default;

 private:
  std::uint64_t bits_ = 0;
};

// An item while it is compared. The other half of the hash of its key is part of `content`: entries are equal
// only if both are.
struct Entry {
  std::uint64_t key = 0;  // KeyHash::high
  std::uint64_t content = 0;
  Place place;
};
static_assert(sizeof(Entry) == 24);

// Whether a key that each side has once needs no finding.
inline bool are_ok(const Entry& left, const Entry& right) {
  return left.content == right.content && !left.place.has(Place::unsent) &&
         !left.place.has(Place::conflict) && !right.place.has(Place::conflict);
}

}  // namespace iso::reconcile
