#pragma once

#include <functional>

#include "pump/observer.h"

namespace iso::test {

// An observer whose parts a test sets one by one.
struct TestObserver final : PumpObserver {
  void prepare(Record& record) override { on_prepare(record); }
  void report(const Delivery& taken, const DeliveryResult& result) override { on_report(taken, result); }
  void stalled(std::string_view why) override { on_stalled(why); }
  Demand demand() override { return on_demand(); }
  Wait wait() override { return on_wait(); }

  std::function<void(Record&)> on_prepare = [](Record&) {};
  std::function<void(const Delivery&, const DeliveryResult&)> on_report = [](const Delivery&,
                                                                             const DeliveryResult&) {};
  std::function<void(std::string_view)> on_stalled = [](std::string_view) {};
  std::function<Demand()> on_demand = [] { return Demand::many; };
  std::function<Wait()> on_wait = [] { return Wait{}; };
};

}  // namespace iso::test
