#pragma once

#include <fmt/core.h>
#include <string>

#include "base/error.h"
#include "breaker/breaker.h"
#include "ends/guard.h"

namespace iso {

// What `connect` gives, if the circuit lets it be tried; else throws Kind::unavailable, with when it will.
// Only a far side that cannot be reached is a failure: who refuses is there.
template <class Connect>
auto guarded(const Guard& guard, const std::string& address, Connect connect) {
  if (!guard.breaker) return connect();
  const Admission admission = guard.breaker->admit(fmt::format("{} {}", guard.name, address));
  if (!admission) throw Error(Kind::unavailable, refusal_text(admission));
  try {
    auto connected = connect();
    guard.breaker->settle(admission, {CallEnd::success});
    return connected;
  } catch (const Error& error) {
    const bool reached = error.kind() != Kind::unavailable;
    guard.breaker->settle(admission, {reached ? CallEnd::success : CallEnd::failure, error.what()});
    throw;
  }
}

}  // namespace iso
