#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "store/engine.h"

namespace iso::store {

// Whether another session keeps us out of a store: nothing was stored then, and all that is to be done can be
// done later.
class LockedOut {
 public:
  explicit LockedOut(StoreEngine& engine, const Clock& clock = system_clock())
      : engine_(engine), clock_(clock) {}

  // Runs `call` on the store. False if another had it locked. Only a commit says that it no longer is:
  // reading goes on beside one who writes.
  template <class Call>
  bool run(Call call) {
    const auto before = engine_.commits();
    try {
      call();
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::unavailable || !engine_.lasts()) throw;
      locked();
      return false;
    }
    if (engine_.commits() != before) {
      since_.reset();
      text_.clear();
    }
    return true;
  }

  // For how long so far; nothing: it is not.
  std::optional<std::chrono::milliseconds> duration() const;
  // Why, once it has gone on for long enough to be told, or "".
  const std::string& text() const { return text_; }

 private:
  void locked();

  StoreEngine& engine_;
  const Clock& clock_;
  std::optional<Clock::Steady> since_;
  std::string text_;
};

}  // namespace iso::store
