#pragma once

#include <cstdint>

#include "cli/publish/await_acks.h"
#include "cli/publish/receipts.h"
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
                  Report& report)
      : preparer_(std::move(preparer)),
        receipts_(receipts),
        requests_(requests),
        acks_(acks),
        report_(report) {}

  void prepare(Record& record) override;
  void report(const Delivery& taken, const DeliveryResult& result) override;
  void stalled(std::string_view why) override;
  Demand demand() override { return receipts_.demand(); }
  Wait wait() override;

 private:
  Preparer preparer_;
  Receipts& receipts_;
  replies::RequestSink* requests_;
  AwaitAcks* acks_;
  Report& report_;
};

}  // namespace iso::cli
