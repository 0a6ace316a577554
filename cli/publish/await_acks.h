#pragma once

#include <atomic>
#include <chrono>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/url.h"
#include "cli/shared/command.h"
#include "cli/shared/report.h"
#include "pump/end.h"
#include "store/ledger.h"

namespace iso::cli {

// --await-acks: waits until the messages of this run were handled, according to the ledger of the store that
// they came from. Another process fills it: iso listen --acks.
class AwaitAcks {
 public:
  // `applications` is "billing,shop". They may take `at_most` after the last message was confirmed; 0 means
  // without a limit. Throws ErrorKind::usage if `from` is not a store, or the name of an application is
  // empty.
  AwaitAcks(const std::string& applications, const std::string& from, std::chrono::milliseconds at_most);

  // Call it for each message that was published.
  void operator()(const Delivery& taken, const DeliveryResult& result);

  // Outcome::no: one was rejected. Throws ErrorKind::unconfirmed: some are still open when the time is up.
  // Both name the first few on `report`. A signal ends the wait.
  Outcome wait(const std::atomic<int>& interrupted, Report& report) const;

 private:
  bool all_answered(store::LedgerReader& ledger, std::size_t& answered) const;
  Outcome ending(store::LedgerReader& ledger, Report& report) const;

  Url store_;
  std::vector<std::string> applications_;
  std::chrono::milliseconds at_most_;
  std::vector<std::string> messages_;  // the ids of those that were confirmed
  Clock::Steady confirmed_at_;         // the last of them
};

}  // namespace iso::cli
