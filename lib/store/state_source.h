#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "base/url.h"
#include "pump/end.h"
#include "store/rows.h"

namespace iso::store {

struct StateOptions {
  MessageState state = MessageState::dead;
  bool peek = false;  // look, and leave all as it was
  std::chrono::milliseconds timeout{5'000};
};

// The messages of a queue that are dead or in conflict, those that are there when it is opened, in their
// order; each with why it failed last in the header kLastError, which is not published again. One that was
// passed on is done, or in conflict deleted, since another of its key is there; one that could not be is left
// as it is, with the new reason. Nobody else relays the queue meanwhile: ErrorKind::unavailable. Throws
// ErrorKind::missing: no such queue or store.
std::unique_ptr<Source> open_state_source(const Url& url, const std::string& queue,
                                          const StateOptions& options);

}  // namespace iso::store
