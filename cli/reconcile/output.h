#pragma once

#include "base/file.h"
#include "cli/reconcile/options.h"
#include "cli/reconcile/table.h"
#include "cli/shared/command.h"
#include "reconcile/finding.h"

namespace iso::cli {

// Findings on standard output, in the form that was asked for.
class FindingOutput {
 public:
  FindingOutput(ReconcileForm form, const Verbosity& voice, const Environment& environment);

  void finding(const reconcile::Finding& finding);  // throws ErrorKind::io
  void summary(const reconcile::ReconcileTally& tally, Outcome outcome, std::uint64_t repaired);
  void write() { out_.write_all(); }
  Output& out() { return out_; }

 private:
  ReconcileForm form_;
  Output out_;
  TableWriter table_;
};

}  // namespace iso::cli
