#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>

#include "pump/end.h"

namespace iso::amqp {

// What is decided about the deliveries of one channel, and what of it the broker has been told. Delivery tags
// are 1, 2, 3, … (AMQP 0-9-1 section 4.2.6's channel scope) and serve as tickets.
class Settlements {
 public:
  // Tells the broker about this delivery, or with `multiple` about it and all before it.
  using Say = std::function<void(std::uint64_t tag, Disposition how, bool multiple)>;

  // Each tag once. `said`: the broker is not to be told now, or was told.
  void set(std::uint64_t tag, Disposition how, bool said = false);
  bool is_settled(std::uint64_t tag) const;

  // Says what was set since. What is settled at the front goes in runs, each one frame with `multiple`; past
  // a delivery that is held back that would settle it too, so from there on each goes by itself.
  void flush(const Say& say);

  std::uint64_t unsaid() const { return unsaid_; }  // set, and to be said by the next flush

 private:
  struct Settled {
    std::optional<Disposition> how;  // nothing: not yet
    bool said = false;
    bool operator==(const Settled&) const = default;
  };

  void flush_front(const Say& say);
  void flush_others(const Say& say);

  std::deque<Settled> settled_;  // from first_ on
  std::uint64_t first_ = 1;      // the first that is not settled, or is not known to be
  std::uint64_t unsaid_ = 0;
  bool passed_held_ = false;  // one before first_ is held back
};

}  // namespace iso::amqp
