#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "base/clock.h"
#include "cli/publish/await_acks.h"
#include "cli/publish/receipts.h"
#include "cli/shared/command.h"
#include "cli/shared/layers.h"
#include "cli/shared/report.h"
#include "pump/observer.h"
#include "replies/requests.h"

namespace iso::cli {

// Completes the records that are published, and passes on what became of them.
class PublishObserver final : public PumpObserver {
 public:
  // All outlive this. `requests` is null if no replies are awaited, `acks` if no acknowledgements are.
  PublishObserver(Preparer preparer, Receipts& receipts, replies::RequestSink* requests, AwaitAcks* acks,
                  const Session& session, Report& report)
      : preparer_(std::move(preparer)),
        receipts_(receipts),
        requests_(requests),
        acks_(acks),
        session_(session),
        report_(report),
        started_(system_clock().steady()) {}

  void prepare(Record& record) override;
  void report(const Delivery& taken, const DeliveryResult& result) override;
  void stalled(std::string_view why) override;
  Demand demand() override { return receipts_.demand(); }
  Wait wait() override;

  // "10,000 confirmed in 20.0 s (500/s), confirm p50 1.1 ms, p99 4.0 ms"
  std::string speed();

 private:
  void note_time(const DeliveryResult& result);

  Preparer preparer_;
  Receipts& receipts_;
  replies::RequestSink* requests_;
  AwaitAcks* acks_;
  const Session& session_;
  Report& report_;
  Clock::Steady started_;
  std::deque<Clock::Steady> begun_;  // when each was prepared that is not reported yet
  std::uint64_t confirmed_ = 0;
  std::vector<float> times_;  // ms from there to its report; of the first kTimed
};

}  // namespace iso::cli
