#include "base/random.h"

#include <sys/random.h>

#include "base/error.h"

namespace iso {
namespace {

// SplitMix64: one 64-bit state, every seed is good.
std::uint64_t mix(std::uint64_t& state) {
  std::uint64_t z = (state += 0x9E3779B97F4A7C15);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

std::uint64_t system_seed() {
  std::uint64_t seed = 0;
  if (getrandom(&seed, sizeof seed, 0) != sizeof seed)
    throw Error(ErrorKind::internal, "the system gave no random bytes");
  return seed;
}

void append_hex(std::string& out, std::uint64_t value) {
  for (int shift = 60; shift >= 0; shift -= 4) out += "0123456789abcdef"[value >> shift & 15];
}

constexpr std::uint32_t kCounterLimit = 1 << 12;  // rand_a has 12 bits

}  // namespace

IdMaker::IdMaker(const Clock& clock) : IdMaker(clock, system_seed()) {
  state_[1] = system_seed();
}

IdMaker::IdMaker(const Clock& clock, std::uint64_t seed) : clock_(clock), state_{seed, ~seed} {}

std::uint64_t IdMaker::random() {
  return mix(state_[0]) ^ mix(state_[1]);
}

// The counter takes rand_a, and runs over into the time: RFC 9562 section 6.2, method 1.
std::string IdMaker::next() {
  const auto now = static_cast<std::uint64_t>(clock_.wall().time_since_epoch().count());
  if (now > last_ms_) {
    last_ms_ = now;
    counter_ = static_cast<std::uint32_t>(random() % (kCounterLimit / 2));
  } else if (++counter_ == kCounterLimit) {
    ++last_ms_;
    counter_ = 0;
  }
  std::string id;
  id.reserve(32);
  append_hex(id, last_ms_ << 16 | 0x7000 | counter_);
  append_hex(id, (random() >> 2) | (std::uint64_t{1} << 63));
  return id;
}

}  // namespace iso
