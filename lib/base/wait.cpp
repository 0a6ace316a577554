#include "base/wait.h"

#include <algorithm>

namespace iso {

using std::chrono::milliseconds;

Wait::Wait(int fd, short events, std::optional<milliseconds> limit)
    : descriptors{{fd, events, 0}}, at_most(limit) {}

void Wait::no_longer_than(milliseconds limit) {
  at_most = std::min(at_most.value_or(limit), limit);
}

Wait operator|(Wait one, const Wait& other) {
  one.descriptors.insert(one.descriptors.end(), other.descriptors.begin(), other.descriptors.end());
  if (other.at_most) one.no_longer_than(*other.at_most);
  return one;
}

void wait_for(Wait wait, milliseconds limit) {
  wait.no_longer_than(limit);
  poll(wait.descriptors.data(), wait.descriptors.size(),
       static_cast<int>(std::max(wait.at_most->count(), milliseconds::rep{0})));
}

}  // namespace iso
