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

struct GuardedOptions {
  std::string circuit;
  std::size_t at_once = 1;  // records with the handler; the others wait here, where they can be given back
  Notice notice = [](std::string_view) {};
};

// Hands records to `handler` as its circuit allows. One that it rejects or defers counts as a failure. When
// the circuit opens, what the handler has goes on, and what it has not is untried.
class BreakerSink final : public Sink {
 public:
  BreakerSink(std::unique_ptr<Sink> handler, breaker::Breaker& breaker, GuardedOptions options);

  void put(Ticket ticket, const Record& record) override;
  void flush() override;
  void results(std::vector<DeliveryResult>& out) override;
  Wait wait() const override;
  std::string_view stalled() const override { return handler_->stalled(); }
  bool closed() const override { return handler_->closed(); }

  // How many records it makes sense to put now.
  enum class Room { many, one, none };
  Room room();
  // Why there is no room, or "".
  const std::string& why_none() const { return why_none_; }

 private:
  struct Held {
    Ticket ticket;
    const Record* record;
  };

  void hand_on();
  void give_back();

  std::unique_ptr<Sink> handler_;
  breaker::Breaker& breaker_;
  GuardedOptions options_;
  std::deque<Held> held_;
  std::map<Ticket, breaker::Admission> calls_;  // with the handler
  std::vector<DeliveryResult> known_;
  std::string why_none_;
  bool told_ = false;  // that there is no room, since a call went well
};

}  // namespace iso::handlers
