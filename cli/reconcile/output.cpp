#include "cli/reconcile/output.h"

#include <fmt/core.h>
#include <unistd.h>

#include "cli/shared/exit_code.h"
#include "cli/shared/terminal_size.h"

namespace iso::cli {
namespace {

constexpr std::size_t kAtOnce = std::size_t{64} * 1024;
constexpr std::size_t kColumns = 100;  // where there is no terminal

std::string where_of(const reconcile::Finding::Found& found) {
  const auto& row = found.item->row;
  if (!row) return fmt::format("{}, line {}", found.side->name, found.line);
  const auto state = name_of(row->settled);
  return fmt::format("{}, row {}{}{}", found.side->name, row->row, state.empty() ? "" : ", ", state);
}

TableFinding::Side side_of(const reconcile::Finding::Copies& copies) {
  TableFinding::Side side;
  if (!copies.first) return side;
  side.where = where_of(*copies.first);
  if (copies.other) side.where += " and " + where_of(*copies.other);
  side.count = copies.count;
  return side;
}

std::string why_of(const reconcile::Finding& finding) {
  if (!finding.error.empty()) return finding.error;
  std::string why;
  for (const auto& application : finding.lacks) why += (why.empty() ? "no answer from " : ", ") + application;
  if (why.empty() && finding.age_ms) why = fmt::format("{} s old", *finding.age_ms / 1000);
  return why;
}

}  // namespace

FindingOutput::FindingOutput(ReconcileForm form, const Verbosity& voice, const Environment& environment)
    : form_(form),
      out_(Descriptor::lend(STDOUT_FILENO), "standard output"),
      table_(terminal_columns(STDOUT_FILENO, kColumns), wants_color(voice, environment, STDOUT_FILENO)) {}

void FindingOutput::finding(const reconcile::Finding& finding) {
  if (form_ == ReconcileForm::summary || out_.closed()) return;
  if (form_ == ReconcileForm::table) {
    const std::vector<reconcile::Change> no_changes;
    table_.append(out_.buffer(), {std::string(name_of(finding.status)), finding.key, why_of(finding),
                                  side_of(finding.left), side_of(finding.right),
                                  finding.difference.is_left_out ? no_changes : finding.difference.changes});
  } else {
    reconcile::append_finding(out_.buffer(), finding);
    out_.buffer() += '\n';
  }
  if (out_.pending() >= kAtOnce) out_.write_all();
}

void FindingOutput::summary(const reconcile::ReconcileTally& tally, Outcome outcome, std::uint64_t repaired) {
  if (form_ == ReconcileForm::table) {
    std::vector<std::pair<std::string, std::uint64_t>> counts{{"ok", tally.ok}};
    for (std::size_t i = 0; i < reconcile::kStatusNames.size(); ++i)
      if (tally.found[i] != 0) counts.emplace_back(reconcile::kStatusNames[i], tally.found[i]);
    if (repaired != 0) counts.emplace_back("repaired", repaired);
    table_.append_counts(out_.buffer(), counts);
  } else {
    reconcile::append_summary(out_.buffer(), tally, repaired, exit_code(outcome));
    out_.buffer() += '\n';
  }
  out_.write_all();
}

}  // namespace iso::cli
