#pragma once

#include <cstdint>

#include "reconcile/json/digest.h"

namespace iso::reconcile {

// Where an item is: the offset of its line in its side's text, and what is known beside that.
class Place {
 public:
  enum Flag : std::uint8_t {
    unsent = 1,    // its store does not know it to have been sent
    conflict = 2,  // its store keeps it as one that has another's key
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

// An item while it is compared. Of its key's hash the other half is in `content`: entries are alike only if
// all of it is.
struct Entry {
  std::uint64_t key = 0;  // KeyHash::high
  std::uint64_t content = 0;
  Place place;
};
static_assert(sizeof(Entry) == 24);

// Whether there is nothing to say of a key that each side has once.
inline bool are_ok(const Entry& left, const Entry& right) {
  return left.content == right.content && !left.place.has(Place::unsent) &&
         !left.place.has(Place::conflict) && !right.place.has(Place::conflict);
}

}  // namespace iso::reconcile
