#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace iso::reconcile {

// The result of the comparison for one key. Names and meanings are those of man iso-reconcile.
enum class Status : std::uint8_t {
  missing,    // left has it (or more copies of it), right does not
  inflight,   // the same, but left has not sent it yet, or it is younger than the grace
  stuck,      // left is an outbox that has held it for too long, and right does not have it
  recovered,  // both have it, and left's store does not know that it was sent
  extra,      // right has it, left does not
  different,  // both have it, with different contents
  duplicate,  // right has more copies of it than left
  conflict,   // one side has it with more than one content
  unacked,    // an expected application has not handled it
  invalid,    // not JSON, damaged, or without a key
};
inline constexpr std::array<std::string_view, 10> kStatusNames{
    "missing",   "inflight",  "stuck",    "recovered", "extra",
    "different", "duplicate", "conflict", "unacked",   "invalid"};

inline std::string_view name_of(Status status) {
  return kStatusNames[static_cast<std::size_t>(status)];
}

struct ReconcileTally {
  std::uint64_t left = 0, right = 0;  // items read
  std::uint64_t ok = 0;               // keys without a finding
  std::array<std::uint64_t, kStatusNames.size()> found{};

  std::uint64_t of(Status status) const { return found[static_cast<std::size_t>(status)]; }

  ReconcileTally& operator+=(const ReconcileTally& other) {
    left += other.left;
    right += other.right;
    ok += other.ok;
    for (std::size_t i = 0; i < found.size(); ++i) found[i] += other.found[i];
    return *this;
  }
};

}  // namespace iso::reconcile
