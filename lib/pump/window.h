#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <optional>

#include "base/clock.h"
#include "pump/end.h"

namespace iso {

// The records that were taken and not yet reported, in the order taken. Results come in any order; reports go
// in this one.
class Window {
 public:
  struct Entry {
    Delivery taken;
    std::optional<DeliveryResult> result;  // what became of it, once that is known
    Clock::Steady since{};                 // when it was taken
  };

  // Has room for `most` records, or for `most_bytes` of bodies, whichever is less; always for one.
  Window(std::size_t most, std::size_t most_bytes) : most_(most), most_bytes_(most_bytes) {}

  std::size_t room() const;
  bool empty() const { return entries_.empty(); }
  std::size_t size() const { return entries_.size(); }
  std::size_t waiting() const { return waiting_; }  // entries without a result

  // The entry stays where it is until it is popped, so a sink may keep a pointer to its record.
  Entry& add(Delivery taken, Clock::Steady since = {});

  // The entry, or null if the ticket is not waiting: unknown, or resolved before.
  Entry* resolve(DeliveryResult result);

  // The last ticket that is waiting and was taken before this; 0 if there is none.
  Ticket last_taken_before(Clock::Steady moment) const;

  // Hands the entries at the front that have a result to `report`, in order, and forgets them.
  void pop_resolved(const std::function<void(Entry&)>& report);

  // Calls `visit` for each entry that has no result.
  void each_waiting(const std::function<void(Entry&)>& visit);

 private:
  std::size_t most_, most_bytes_;
  std::size_t waiting_ = 0, bytes_ = 0;
  std::deque<Entry> entries_;
};

}  // namespace iso
