#include "base/wait.h"

#include <algorithm>
#include <poll.h>
#include <vector>

namespace iso {

void wait_any(std::initializer_list<Wait> waits, std::chrono::milliseconds limit) {
  std::vector<pollfd> fds;
  for (const Wait& wait : waits) {
    fds.push_back({wait.fd, wait.events, 0});  // poll skips a negative fd
    if (wait.at_most) limit = std::min(limit, *wait.at_most);
  }
  poll(fds.data(), fds.size(), static_cast<int>(std::max(limit.count(), std::chrono::milliseconds::rep{0})));
}

}  // namespace iso
