#include "cli/shared/command.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <filesystem>
#include <fmt/core.h>
#include <memory>
#include <random>
#include <thread>
#include <unistd.h>
#include <unordered_map>

#include "base/duration.h"
#include "base/error.h"
#include "base/same_file.h"
#include "base/url.h"
#include "base/wait.h"
#include "cli/reconcile/options.h"
#include "cli/reconcile/output.h"
#include "cli/reconcile/repair.h"
#include "cli/reconcile/sides.h"
#include "cli/shared/ending.h"
#include "cli/shared/report.h"
#include "ends/open.h"
#include "reconcile/reconcile.h"
#include "reconcile/sides/item_source.h"

namespace iso::cli {
namespace {

constexpr std::chrono::seconds kGrace{60}, kStuckAfter{3600};
constexpr std::uint64_t kOurselves = std::uint64_t{12} << 20;  // of --memory, for what does not grow
constexpr std::chrono::milliseconds kRound{200};               // a signal is seen at the latest after this

void sleep_until(Clock::Steady time, const std::atomic<int>& interrupted) {
  for (auto now = system_clock().steady(); now < time && interrupted == 0; now = system_clock().steady())
    wait_for({}, std::min(kRound, std::chrono::ceil<std::chrono::milliseconds>(time - now)));
}

reconcile::ReconcileOptions options_of(const ReconcileArgs& args, const Session& session) {
  std::random_device random;
  reconcile::ReconcileOptions options;
  options.expected = args.expected;
  options.grace = duration_or(args.grace, kGrace);
  options.stuck_after = duration_or(args.stuck_after, kStuckAfter);
  options.memory = args.memory - kOurselves;
  options.folder = session.environment.temporary_folder();
  options.threads = std::max(1U, std::thread::hardware_concurrency());
  options.seed = std::uint64_t{random()} << 32 | random();
  return options;
}

// What counts for the exit status.
std::uint64_t failures(const ReconcileArgs& args, const reconcile::ReconcileTally& tally) {
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < reconcile::kStatusNames.size(); ++i) {
    const bool counts = args.fail_on.empty()
                            ? static_cast<reconcile::Status>(i) != reconcile::Status::inflight
                            : std::find(args.fail_on.begin(), args.fail_on.end(),
                                        reconcile::kStatusNames[i]) != args.fail_on.end();
    if (counts) count += tally.found[i];
  }
  return count;
}

// What all looks of one run share.
struct Looks {
  const ReconcileArgs& args;
  const ReconcileSides sides;
  Session& session;
  Report& report;
  const reconcile::ReconcileOptions options;

  reconcile::ReconcileTally look(const std::function<void(const reconcile::Finding&)>& found) const {
    reconcile::Side left = open_left(args, sides, session, report);
    reconcile::Side right = open_right(args, sides, session, report);
    left.present = right.present = right.ledger;
    reconcile::ReconcileOptions with_progress = options;
    struct Progress {
      std::uint64_t done, all;
    };
    std::array<Progress, 2> sides_read{{{0, left.text->size()}, {0, right.text->size()}}};
    with_progress.progress = [&](const reconcile::Side& side, std::uint64_t done, std::uint64_t all) {
      auto& [first, second] = sides_read;
      (&side == &left ? first : second) = {done, all};
      report.progress_bytes("read", first.done + second.done,
                            first.all != 0 && second.all != 0 ? first.all + second.all : 0);
    };
    return (args.sorted ? reconcile::reconcile_sorted : reconcile::reconcile)(left, right, with_progress,
                                                                              session.interrupted, found);
  }
};

// A file or a collection that has nothing may be one whose making failed; a queue is empty when it is.
bool is_an_export(const std::string& side) {
  return is_http(side) || parse_url(side).scheme == "file";
}

// A look, and what was asked for after it: a plan, a repair and a second look.
class OneRun {
 public:
  OneRun(const Looks& looks, FindingOutput& output) : looks_(looks), args_(looks.args), output_(output) {}

  Outcome run() {
    if (!args_.plan.empty() || args_.repair)
      plan_ = std::make_unique<RepairPlan>(args_.plan, !args_.repair_to.empty(), looks_.options.folder);
    look();
    if (plan_ && !interrupted()) plan_->finish();
    if (!interrupted() && plan_ && args_.repair && plan_->size() != 0) repair_all();
    if (interrupted()) return interrupted_by(looks_.session.interrupted);
    const bool empty = tally_.left == 0 && !args_.allow_empty && is_an_export(args_.left);
    if (empty) looks_.report.error("LEFT has no items; if that is as it should be, say --allow-empty");
    const bool done = failures(args_, tally_) + repaired_.failed == 0 && !empty;
    const Outcome outcome = done ? Outcome::done : Outcome::no;
    output_.summary(tally_, outcome, repaired_.repaired);
    return outcome;
  }

 private:
  bool interrupted() const { return looks_.session.interrupted != 0; }

  void look() {
    const auto tell = [this](const reconcile::Finding& finding) {
      output_.finding(finding);
      if (plan_) plan_->add(finding);
    };
    const bool only_counts = args_.form == ReconcileForm::summary && !plan_;
    tally_ = looks_.look(only_counts ? std::function<void(const reconcile::Finding&)>() : tell);
  }

  // A wrong pointer makes everything missing.
  void repair_all() {
    if (!args_.force && plan_->size() > tally_.left / 10)
      return looks_.report.error(
          fmt::format("nothing was sent: {} of {} are missing, more than a tenth; if --key and RIGHT are "
                      "what you mean, say --force",
                      plan_->size(), tally_.left));
    repaired_ = repair(*plan_, args_, looks_.session, looks_.report, output_.out());
    plan_.reset();
    if (!interrupted()) look();
  }

  const Looks& looks_;
  const ReconcileArgs& args_;
  FindingOutput& output_;
  std::unique_ptr<RepairPlan> plan_;
  reconcile::ReconcileTally tally_;
  RepairTally repaired_;
};

// What tells a finding from the others of its look: its key, or where it is.
std::string identity_of(const reconcile::Finding& finding) {
  std::string identity = std::string(name_of(finding.status)) + finding.key + finding.error;
  if (!finding.key.empty()) return identity;
  const auto& found = finding.left.first ? *finding.left.first : *finding.right.first;
  const auto& row = found.item->row;
  return identity + fmt::format("\n{} {} {}", finding.left.first ? "left" : "right", row ? row->row : 0,
                                found.place.offset());
}

// Whether a look that failed may succeed the next time. What was never there is a wrong name.
bool may_pass(ErrorKind kind, bool looked) {
  switch (kind) {
    case ErrorKind::unavailable:
    case ErrorKind::unconfirmed:
      return true;
    case ErrorKind::missing:
    case ErrorKind::refused:
    case ErrorKind::io:
      return looked;
    default:
      return false;
  }
}

// Tells of each finding once, when it has been there for longer than the grace, until a signal comes.
Outcome watch(const Looks& looks, FindingOutput& output) {
  using Steady = Clock::Steady;
  struct Known {
    Steady since;
    bool told = false;
    std::uint64_t look = 0;
  };
  const auto every = parse_duration(looks.args.watch);
  bool looked = false;
  std::string away;  // why the last look failed
  std::unordered_map<std::string, Known> known;
  for (std::uint64_t look = 1; looks.session.interrupted == 0; ++look) {
    const Steady now = system_clock().steady();
    try {
      looks.look([&](const reconcile::Finding& finding) {
        auto& [since, told, last] = known.try_emplace(identity_of(finding), Known{now}).first->second;
        last = look;
        if (told || finding.status == reconcile::Status::inflight || now - since < looks.options.grace)
          return;
        told = true;
        output.finding(finding);
      });
      if (!away.empty()) looks.report.note("the look succeeded again");
      looked = true;
      away.clear();
      if (looks.session.interrupted == 0)
        std::erase_if(known, [look](const auto& one) { return one.second.look != look; });
    } catch (const Error& error) {
      if (!may_pass(error.kind(), looked)) throw;
      if (away != error.what()) looks.report.warning(fmt::format("{}; the watch goes on", error.what()));
      away = error.what();
    }
    output.write();
    sleep_until(now + every, looks.session.interrupted);
  }
  return interrupted_by(looks.session.interrupted);
}

// The files that are read; those of a store too.
std::vector<std::string> inputs_of(const ReconcileArgs& args) {
  std::vector<std::string> inputs;
  for (const auto& side : {args.left, args.right}) {
    if (side == "-") inputs.emplace_back("/dev/stdin");
    if (side == "-" || is_http(side)) continue;
    const Url url = parse_url(side);
    if (url.scheme != "file" && !ends::is_store(url)) continue;
    inputs.push_back(url.path);
    if (ends::is_store(url))
      for (const auto* suffix : {"-wal", "-shm", "-owners"}) inputs.push_back(url.path + suffix);
  }
  for (const auto& file : {args.bearer_file, args.password_file})
    if (!file.empty()) inputs.push_back(file);
  return inputs;
}

// Lines at the end of an array, of CSV or of what is compressed would spoil it.
void check_repaired(const std::string& right) {
  if (is_http(right)) return;
  const Url url = parse_url(right);
  std::error_code none;
  if (url.scheme == "file" && std::filesystem::is_regular_file(url.path, none) &&
      std::filesystem::file_size(url.path, none) != 0 && !reconcile::is_plain_lines(url.path))
    throw Error(ErrorKind::usage, "--repair: RIGHT is not lines of JSON; use --plan or --repair-to");
}

// A plan that replaces what is read, or what is written, would lose it.
void check_plan(const ReconcileArgs& args) {
  if (args.plan.empty()) return;
  for (const auto& output : {args.plan, args.plan + ".done"})
    for (const auto& input : inputs_of(args))
      if (same_file(output, input))
        throw Error(ErrorKind::usage,
                    fmt::format("--plan {} would replace {}, which is read; name another file", args.plan,
                                input == "/dev/stdin" ? "standard input" : input));
  if (!args.repair_to.empty() && (args.repair_to == args.plan || same_file(args.repair_to, args.plan)))
    throw Error(ErrorKind::usage,
                fmt::format("--plan {} is where --repair-to sends; name another file", args.plan));
}

Outcome run(const ReconcileArgs& args, Session& session) {
  Report report("iso reconcile", args.voice, session.environment);
  if (args.left == "-" && args.right == "-")
    throw Error(ErrorKind::usage, "only one side can be standard input");
  if ((args.repair || !args.watch.empty()) &&
      !(can_be_read_again(args.left) && can_be_read_again(args.right)))
    throw Error(ErrorKind::usage,
                "standard input or a pipe cannot be looked at twice; --repair and --watch need to");
  check_plan(args);
  if (args.repair && args.repair_to.empty()) check_repaired(args.right);
  const Looks looks{args, read_sides(args), session, report, options_of(args, session)};
  FindingOutput output(args.form, args.voice, session.environment);
  if (!args.watch.empty()) return watch(looks, output);
  return OneRun(looks, output).run();
}

}  // namespace

Run bind_reconcile(CLI::App& app) {
  auto args = std::make_shared<ReconcileArgs>();
  args->add_to(app);
  return [args](Session& session) { return run(*args, session); };
}

}  // namespace iso::cli
