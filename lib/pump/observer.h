#pragma once

#include <string_view>

#include "base/wait.h"
#include "pump/end.h"

namespace iso {

// Completes the records that are moved, and learns what became of each. All calls are made on the thread that
// called pump().
//
// For each record, in the order taken: prepare() before it is put, report() once it has its result. Each
// record that was taken is reported once, also when an end or the observer itself has failed.
class PumpObserver {
 public:
  virtual ~PumpObserver() = default;

  // Completes a record. ErrorKind::data makes it bad input; another Error ends the run.
  virtual void prepare(Record&) {}

  // What became of a record. The first Error that it throws ends the taking and is in the summary; the
  // records that follow are still reported.
  virtual void report(const Delivery&, const DeliveryResult&) {}

  // The sink's reason for not moving has changed; "" when it moves again. Throws nothing.
  virtual void stalled(std::string_view) {}

  // Called before records are taken. Throws nothing.
  virtual Demand demand() { return Demand::many; }

  // Called when everything known was reported and the pump is about to wait; it also waits for what this
  // returns. Throws nothing.
  virtual Wait wait() { return {}; }
};

}  // namespace iso
