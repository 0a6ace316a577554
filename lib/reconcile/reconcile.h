#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "base/clock.h"
#include "reconcile/finding.h"
#include "reconcile/sides/side.h"
#include "reconcile/status.h"

namespace iso::reconcile {

struct ReconcileOptions {
  Expected expected;  // applications whose answers the right side, a ledger, should have
  std::chrono::milliseconds grace{60'000};           // a younger item may still be in flight
  std::chrono::milliseconds stuck_after{3'600'000};  // a message older than this in an outbox is stuck
  std::size_t memory = std::size_t{256} << 20;       // bytes, for everything that grows with the input
  std::string folder = "/tmp";                       // for what does not fit into memory
  unsigned threads = 1;
  std::uint64_t seed = 0;  // of the hashes; must not be known to those who write the input
  std::uint64_t key_bits = ~std::uint64_t{0};  // of the keys' hashes; fewer only slow it down
  const Clock& clock = system_clock();
  bool hash_pre_pass = true;  // queues of stores are matched by hash first; only what differs is read
  // How far it is: bytes of `side` read so far, and in all, or 0. On the calling thread.
  std::function<void(const Side& side, std::uint64_t done, std::uint64_t all)> progress =
      [](const Side&, std::uint64_t, std::uint64_t) {};
};

// Compares two sides by key, in memory that does not grow with them. Left is read first; whatever then seems
// missing or extra is looked for once more among the items that arrived meanwhile. Passes on the findings in
// the order of their keys, those without a key last; without `found` it only counts them. When `stop` becomes
// non-zero it ends early, without findings. Throws ErrorKind::io, and what reading a side throws.
ReconcileTally reconcile(Side& left, Side& right, const ReconcileOptions& options,
                         const std::atomic<int>& stop, const std::function<void(const Finding&)>& found);

// The same for sides whose items are in the order of their keys (reconcile/json/key.h), in one pass over both
// at the same time, with only the current lines in memory; nothing is looked for a second time. Invalid items
// are reported where they occur. Throws ErrorKind::data, with the line, for a key that is out of order.
ReconcileTally reconcile_sorted(Side& left, Side& right, const ReconcileOptions& options,
                                const std::atomic<int>& stop,
                                const std::function<void(const Finding&)>& found);

}  // namespace iso::reconcile
