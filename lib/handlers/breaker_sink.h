#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "breaker/breaker.h"
#include "pump/end.h"

namespace iso::handlers {

struct BreakerSinkOptions {
  std::string circuit;
  std::size_t at_once = 1;  // records at the handler; the others wait here and can be given back
  Notice notice = [](std::string_view) {};
};

// Passes records to `handler` while its circuit allows it. A record that the handler rejects or defers counts
// as a failure. When the circuit opens, the handler keeps the records it has, and the others are untried.
class BreakerSink final : public Sink {
 public:
  BreakerSink(std::unique_ptr<Sink> handler, breaker::Breaker& breaker, BreakerSinkOptions options);

  void put(Ticket ticket, const Record& record) override;
  void flush() override;
  void results(std::vector<DeliveryResult>& out) override;
  Wait wait() const override;
  std::string_view stalled() const override { return handler_->stalled(); }
  bool closed() const override { return handler_->closed(); }

  void withdraw(Ticket up_to) override;
  void finish(bool begin_nothing) override;
  // Depends on the circuit.
  Demand demand() override;
  std::string_view why_none() const override { return why_none_; }

 private:
  struct Held {
    Ticket ticket;
    const Record* record;
  };

  void hand_over();
  void give_back(Ticket up_to);

  std::unique_ptr<Sink> handler_;
  breaker::Breaker& breaker_;
  BreakerSinkOptions options_;
  std::deque<Held> held_;
  std::map<Ticket, breaker::Admission> calls_;  // at the handler
  std::vector<DeliveryResult> known_;
  std::string why_none_;
  bool told_ = false;      // whether the reason for no demand was reported since the last success
  bool finished_ = false;  // no more calls to put()
};

}  // namespace iso::handlers
