#pragma once

#include <fmt/core.h>
#include <string>

#include "base/error.h"
#include "breaker/breaker.h"
#include "pump/end_options.h"

namespace iso::ends {

// Calls `connect` if the circuit allows it; otherwise throws ErrorKind::unavailable with the time of the next
// trial. Only a server that cannot be reached counts as a failure: one that refuses is there.
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
