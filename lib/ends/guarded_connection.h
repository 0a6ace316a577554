#pragma once

#include <fmt/core.h>
#include <string>

#include "base/error.h"
#include "breaker/breaker.h"
#include "pump/end_options.h"

namespace iso::ends {

// What `connect` gives, if the circuit lets it be tried; else throws ErrorKind::unavailable, with when it
// will. Only a far side that cannot be reached is a failure: who refuses is there.
template <class Connect>
auto guarded(const CircuitOptions& guard, const std::string& address, Connect connect) {
  if (!guard.breaker) return connect();
  const breaker::Admission admission = guard.breaker->admit(fmt::format("{} {}", guard.name, address));
  if (!admission) throw Error(ErrorKind::unavailable, breaker::refusal_text(admission));
  try {
    auto connected = connect();
    guard.breaker->settle(admission, {breaker::CallEnd::success});
    return connected;
  } catch (const Error& error) {
    const bool reached = error.kind() != ErrorKind::unavailable;
    guard.breaker->settle(admission,
                          {reached ? breaker::CallEnd::success : breaker::CallEnd::failure, error.what()});
    throw;
  }
}

}  // namespace iso::ends
