#include "base/wait.h"

#include <algorithm>
#include <array>
#include <poll.h>

namespace iso {

void wait_any(const Wait& a, const Wait& b, std::chrono::milliseconds limit) {
  std::array<pollfd, 2> fds{{{a.fd, a.events, 0}, {b.fd, b.events, 0}}};  // poll skips a negative fd
  if (a.at_most) limit = std::min(limit, *a.at_most);
  if (b.at_most) limit = std::min(limit, *b.at_most);
  poll(fds.data(), fds.size(), static_cast<int>(std::max(limit.count(), std::chrono::milliseconds::rep{0})));
}

}  // namespace iso
