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
  std::chrono::milliseconds grace{60'000};           // what is younger may still be on its way
  std::chrono::milliseconds stuck_after{3'600'000};  // what an outbox has held for so long is stuck
  std::size_t memory = std::size_t{256} << 20;       // bytes, for all that grows with the input
  std::string folder = "/tmp";                       // for what has no room in memory
  unsigned threads = 1;
  std::uint64_t seed = 0;                      // of the hashes; should not be known to who makes the input
  std::uint64_t key_bits = ~std::uint64_t{0};  // of the keys' hashes; fewer only slow it down
  const Clock& clock = system_clock();
  bool hash_pre_pass = true;  // queues of stores are matched by hash first; only what differs is read
  // How far it is: bytes of `side` read so far, and in all, or 0. On the calling thread.
  std::function<void(const Side& side, std::uint64_t done, std::uint64_t all)> progress =
      [](const Side&, std::uint64_t, std::uint64_t) {};
};

// Compares two sides by key, in memory that does not grow with them. Left is read first; what is then missing
// or extra is sought once more among what came meanwhile. Gives the findings in the order of their keys,
// those without a key last; without `found` it counts them alone. When `stop` is not 0 it ends early, without
// findings. Throws ErrorKind::io, and what reading a side throws.
ReconcileTally reconcile(Side& left, Side& right, const ReconcileOptions& options,
                         const std::atomic<int>& stop, const std::function<void(const Finding&)>& found);

// The same for sides whose items are in the order of their keys (reconcile/key.h), in one pass over both at
// once and with nothing in memory but the line at hand; nothing is sought a second time. What is no item is
// told of where it is met. Throws ErrorKind::data, which names the line, for a key that comes too late.
ReconcileTally reconcile_sorted(Side& left, Side& right, const ReconcileOptions& options,
                                const std::atomic<int>& stop,
                                const std::function<void(const Finding&)>& found);

}  // namespace iso::reconcile
