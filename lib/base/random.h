#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"

namespace iso {

// Makes ids of 32 hex digits: a UUIDv7 (RFC 9562 section 5.7) without its dashes. The ids of one maker always
// increase, even if the wall clock goes back. Not for two threads at once.
class IdMaker {
 public:
  explicit IdMaker(const Clock& clock = system_clock());  // seeded by the system
  IdMaker(const Clock& clock, std::uint64_t seed);        // for tests
  std::string next();

 private:
  std::uint64_t random();

  const Clock& clock_;
  std::uint64_t state_[2];
  std::uint64_t last_ms_ = 0;
  std::uint32_t counter_ = 0;
};

}  // namespace iso
