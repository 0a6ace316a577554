#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/file.h"
#include "base/replaced_file.h"
#include "cli/shared/report.h"
#include "pump/end.h"

namespace iso::cli {

// Reports what became of each published message: receipts on stdout, failures on stderr, and records that
// were not confirmed in the file `rejects`, if it has a name.
class Receipts {
 public:
  enum class Which { all, failed, none };
  // Receipts::Which::none: something else is on standard output, or nothing is wanted. Throws ErrorKind::io
  // if standard output is closed, or `rejects` cannot be written.
  Receipts(const std::string& rejects, Which which, Report& report);

  // Throws ErrorKind::io the first time that `rejects` cannot be written; the receipt is still written.
  void add(const Delivery& taken, const DeliveryResult& result);
  // A reply, which is on stdout in place of receipts.
  void add_reply(const Record& record);
  bool all_written() const { return receipts_.pending() == 0; }

  // A slow reader of the receipts delays taking more records, but not the confirms that arrive meanwhile.
  // Over: nothing more can be written.
  Demand demand() const;
  // Writes what can be written, and returns what to wait for if something is left.
  Wait wait();

  // Waits until all receipts are written. Throws ErrorKind::io if they cannot be.
  void finish();
  // The run succeeded: replaces the rejects of an earlier run even if there are none now.
  void finish_rejects();

 private:
  void reject(const Delivery& taken);
  void write_some();

  Report& report_;
  FirstFew failures_;
  Which which_;
  Output receipts_;
  std::optional<ReplacedFile> rejects_;
  bool rejects_broke_ = false;
  std::optional<Error> broke_;  // why receipts cannot be written
  std::uint64_t done_ = 0;
};

}  // namespace iso::cli
