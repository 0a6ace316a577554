#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "reconcile/join/partition.h"
#include "reconcile/reconcile.h"

namespace iso::reconcile {

struct HashMatch {
  const ReconcileOptions& options;
  Budget& budget;
  std::size_t buffer = 0;  // entries of a part that a writer holds back
};

// Looks at the rows of two stores before any is read whole, and gives the number of keys of which there is
// nothing to say: each side has one row of it, whose body is what its hash says, and both have the same bytes
// for a body and say the same beside that. Only the other rows are read then. 0, and all are read, if a side
// is no queue of a store, if bodies are looked into by the key or a rule, or if most rows are not like that.
std::uint64_t match_by_hash(Side& left, Side& right, const HashMatch& with, const std::atomic<int>& stop);

}  // namespace iso::reconcile
