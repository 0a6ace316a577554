#pragma once

#include "base/file.h"
#include "cli/command.h"
#include "cli/reconcile_options.h"
#include "cli/reconcile_table.h"
#include "reconcile/finding.h"

namespace iso {

// Findings on standard output, in the form that was asked for.
class FindingOutput {
 public:
  FindingOutput(ReconcileForm form, const Voice& voice, const Environment& environment);

  void finding(const Finding& finding);  // throws Kind::io
  void summary(const ReconcileTally& tally, Outcome outcome, std::uint64_t repaired);
  void write() { out_.write_all(); }
  Output& out() { return out_; }

 private:
  ReconcileForm form_;
  Output out_;
  TableWriter table_;
};

}  // namespace iso
