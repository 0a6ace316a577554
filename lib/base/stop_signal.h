#pragma once

#include <atomic>

namespace iso {

// The signal that asked this process to stop, or 0. The program's signal handler sets it; code that waits
// outside the pump's loop checks it.
inline std::atomic<int> stop_signal{0};
static_assert(std::atomic<int>::is_always_lock_free);  // or a signal handler may not touch it

}  // namespace iso
