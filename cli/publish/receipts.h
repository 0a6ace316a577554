#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/file.h"
#include "cli/shared/report.h"
#include "pump/end.h"
#include "pump/pump.h"

namespace iso::cli {

// The outcome of each message that is published: receipts on stdout, failures on stderr, and what did not
// make it in the file `rejects`, if it has a name.
class Receipts {
 public:
  // Not `on_stdout`: something else is there, and there are no receipts. Throws ErrorKind::io if `rejects`
  // cannot be written.
  Receipts(const std::string& rejects, bool on_stdout, Report& report);

  void operator()(const Delivery& taken, const DeliveryResult& result);
  // A reply, which is on stdout in place of receipts.
  void reply(const Record& record);
  bool all_written() const { return receipts_.pending() == 0; }

  // A slow reader of the receipts holds back what is taken, not the confirms that come meanwhile.
  Intake intake() const;
  Wait pause();

  // Waits until all is written. Throws ErrorKind::io: what kept the receipts from being written.
  void finish();

 private:
  void write_some();

  Report& report_;
  Few failures_;
  bool on_stdout_;
  Output receipts_;
  std::optional<Output> rejects_;
  std::optional<Error> broken_;
  std::uint64_t done_ = 0;
};

}  // namespace iso::cli
