#include "cli/reconcile/repair.h"

#include <fmt/core.h>
#include <unistd.h>

#include "base/error.h"
#include "base/hash.h"
#include "cli/reconcile/sides.h"
#include "cli/shared/ending.h"
#include "cli/shared/layers.h"
#include "ends/open.h"
#include "ends/stream.h"
#include "pump/pump.h"
#include "reconcile/sides/line_file.h"
#include "record/write.h"

namespace iso::cli {
namespace {

constexpr std::chrono::seconds kStallTimeout{30};
constexpr std::chrono::seconds kGrace{5};
constexpr std::size_t kAtOnce = std::size_t{64} * 1024;

std::unordered_set<std::string> lines_of(const std::string& path) {
  std::unordered_set<std::string> lines;
  if (access(path.c_str(), F_OK) != 0) return lines;
  const std::string text = read_file(path);
  for (std::size_t at = 0, end; (end = text.find('\n', at)) != std::string::npos; at = end + 1)
    lines.insert(text.substr(at, end - at));
  return lines;
}

// Where a repair goes, and what its records are given.
struct Target {
  std::unique_ptr<Sink> sink;
  std::string name;
  std::optional<Preparer> preparer;
};

Target open_target(const ReconcileArgs& args, Report& report) {
  const std::string& text = args.repair_to.empty() ? args.right : args.repair_to;
  if (is_http(text))
    throw Error(ErrorKind::usage,
                "a repair over HTTP is not possible; say where to send it with --repair-to END");
  Url url = parse_url(text);
  if (url.scheme == "file") return {ends::open_file_sink(url.path), url.path, std::nullopt};
  fill_password(url, args.password_file);
  SinkOptions options;
  options.name = "iso reconcile";
  options.timeout = options.outage = duration_or(args.timeout, kStallTimeout);
  options.notice = [&report](std::string_view notice) { report.note(notice); };
  Record typed;
  if (ends::is_store(url)) options.into = url.fragment;
  if (!url.fragment.empty()) {  // to this queue, and to no other that its exchange knows
    typed.exchange = "";
    typed.routing_key = url.fragment;
  }
  Url end = url;
  if (!ends::is_store(url)) end.fragment.clear();
  const Layers layers(ends::is_store(url) ? Record{} : typed, typed);
  return {ends::open_sink(end, options), redacted(url),
          Preparer(layers, resolve_defaults(layers), Incoming::messages)};
}

void append_outcome(std::string& out, const Delivery& taken, const DeliveryResult& result,
                    std::string_view target) {
  const bool done = result.status == DeliveryStatus::confirmed && !taken.bad_input;
  out += done ? R"({"status":"repaired")" : R"({"status":"unrepaired")";
  if (taken.record.message_id) {
    out += R"(,"message_id":)";
    append_json_string(out, *taken.record.message_id);
  }
  out += R"(,"to":)";
  append_json_string(out, target);
  if (!done) {
    out += R"(,"error":)";
    append_json_string(out, taken.bad_input ? taken.bad_input->why : failure_text(taken.record, result));
  }
  out += "}\n";
}

class RepairObserver final : public PumpObserver {
 public:
  // All outlive this.
  RepairObserver(RepairPlan& plan, Target& target, Output& out, Report& report)
      : plan_(plan), target_(target), out_(out), report_(report) {}

  void prepare(Record& record) override {
    if (target_.preparer) (*target_.preparer)(record);
  }

  void report(const Delivery& taken, const DeliveryResult& result) override {
    const bool done = result.status == DeliveryStatus::confirmed && !taken.bad_input;
    ++(done ? tally_.repaired : tally_.failed);
    append_outcome(out_.buffer(), taken, result, target_.name);
    if (done) plan_.done(taken.ticket);
    if (out_.pending() >= kAtOnce) out_.write_all();
    report_.progress("repaired", tally_.repaired);
  }

  void stalled(std::string_view why) override {
    if (!why.empty()) report_.note(fmt::format("the repair is paused: {}", why));
  }

  const RepairTally& tally() const { return tally_; }

 private:
  RepairPlan& plan_;
  Target& target_;
  Output& out_;
  Report& report_;
  RepairTally tally_;
};

}  // namespace

RepairPlan::RepairPlan(const std::string& path, bool remembers, const std::string& folder) {
  if (path.empty()) {
    temporary_.emplace(temporary_file(folder), "the plan");
  } else {
    file_.emplace(path, ReplacedFile::When::finished);
  }
  if (!remembers) return;
  done_before_ = lines_of(path + ".done");
  done_.emplace(open_to_append(path + ".done"), path + ".done");
}

void RepairPlan::add(const reconcile::Finding& finding) {
  if (finding.status != reconcile::Status::missing) return;
  const auto& left = *finding.left.first;
  const std::string whole = left.item->is_reduced ? reconcile::item_json(*left.side, left.place) : "";
  const std::string_view item = whole.empty() ? left.item->json : whole;
  const std::string hash = hash_text(hash128(item));
  for (std::uint32_t copy = finding.right.count; copy < finding.left.count; ++copy) {
    std::string name = copy == 0 ? hash : fmt::format("{}-{}", hash, copy);
    if (done_before_.contains(name)) continue;
    ++size_;
    if (done_) names_.push_back(std::move(name));
    append_one_line(out().buffer(), item);
    out().buffer() += '\n';
  }
  if (out().pending() >= kAtOnce) out().write_all();
}

void RepairPlan::finish() {
  if (file_)
    file_->finish();
  else
    temporary_->write_all();
}

void RepairPlan::done(std::uint64_t number) {
  if (!done_) return;
  done_->buffer() += names_.at(number - 1) + '\n';
  done_->write_all();
}

Descriptor RepairPlan::lines() const {
  if (file_) return open_to_read(file_->path());
  lseek(temporary_->descriptor(), 0, SEEK_SET);
  return Descriptor::lend(temporary_->descriptor());
}

RepairTally repair(RepairPlan& plan, const ReconcileArgs& args, Session& session, Report& report,
                   Output& out) {
  std::vector<ends::Input> inputs;
  inputs.push_back({plan.lines(), plan.name()});
  const auto source = ends::open_stream_source(std::move(inputs), Framing::records);
  Target target = open_target(args, report);
  PumpOptions options;
  options.stall_timeout = duration_or(args.timeout, kStallTimeout);
  options.grace = kGrace;
  options.interrupted = &session.interrupted;
  RepairObserver observer(plan, target, out, report);
  const PumpSummary pumped = pump(*source, *target.sink, options, observer);
  out.write_all();
  if (pumped.error) throw unconfirmed_or(*pumped.error, pumped);
  if (pumped.gave_up) throw Error(ErrorKind::unconfirmed, fmt::format("{}: no confirm in time", target.name));
  return observer.tally();
}

}  // namespace iso::cli
