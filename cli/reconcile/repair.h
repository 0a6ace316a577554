#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/file.h"
#include "base/replaced_file.h"
#include "cli/reconcile/options.h"
#include "cli/shared/command.h"
#include "cli/shared/report.h"
#include "reconcile/finding.h"

namespace iso::cli {

// The records of LEFT that are missing on the right, one per line: first the plan, then what is sent.
// FILE.done beside a plan lists what was confirmed, so that it is not sent again before it appears in RIGHT.
class RepairPlan {
 public:
  // `path` may be "": then the plan is a temporary file. An existing file stays unchanged until the plan is
  // finished; the plan is written beside it. Throws ErrorKind::io.
  RepairPlan(const std::string& path, bool remembers, const std::string& folder);

  void add(const reconcile::Finding& finding);  // only `missing` findings count
  void finish();                                // everything was added: replaces the old plan

  std::uint64_t size() const { return size_; }

  // A line of the plan was confirmed.
  void done(std::uint64_t number);
  // The lines, to read them as records.
  Descriptor lines() const;
  std::string name() const { return file_ ? file_->path() : "the plan"; }

 private:
  Output& out() { return file_ ? file_->output() : *temporary_; }

  std::optional<ReplacedFile> file_;
  std::optional<Output> temporary_;  // if it has no name
  std::uint64_t size_ = 0;
  std::vector<std::string> names_;  // of its lines, if what is done is remembered
  std::unordered_set<std::string> done_before_;
  std::optional<Output> done_;
};

struct RepairTally {
  std::uint64_t repaired = 0, failed = 0;
};

// Sends the plan to the end that the options name, with the original ids. Each record has a line on `out`.
// Throws ErrorKind::usage for an end that cannot be sent to, and what the end throws.
RepairTally repair(RepairPlan& plan, const ReconcileArgs& args, Session& session, Report& report,
                   Output& out);

}  // namespace iso::cli
