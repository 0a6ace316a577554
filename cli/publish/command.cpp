#include "cli/shared/command.h"

#include <algorithm>
#include <filesystem>
#include <fmt/core.h>
#include <memory>

#include "base/duration.h"
#include "base/error.h"
#include "base/file.h"
#include "cli/publish/await_acks.h"
#include "cli/publish/ends.h"
#include "cli/publish/observer.h"
#include "cli/publish/options.h"
#include "cli/publish/receipts.h"
#include "cli/shared/ending.h"
#include "cli/shared/input_files.h"
#include "cli/shared/layers.h"
#include "cli/shared/report.h"
#include "cli/shared/waiting.h"
#include "pump/pump.h"
#include "record/settings.h"
#include "replies/requests.h"

namespace iso::cli {
namespace {

constexpr std::chrono::seconds kConnectTime{30};
constexpr std::chrono::seconds kBeyondRequests{1};

Layers read_layers(const PublishOptions& args, Report& report) {
  if (args.settings.empty()) return {args.record.record(), {}};
  Settings settings = read_settings(read_file(args.settings), args.settings);
  for (const auto& warning : settings.warnings) report.warning(warning);
  if (settings.record.body_kind)
    throw Error(ErrorKind::config,
                fmt::format("{}: a settings file has no body; give it with --body", args.settings));
  return {args.record.record(), std::move(settings.record)};
}

PumpOptions pump_options(const PublishOptions& args, bool from_queue, const Session& session) {
  PumpOptions options;
  options.window = args.window;
  options.count = args.count;
  options.rate = args.rate;
  options.stall_timeout = stall_timeout_of(args);
  // Each request ends by itself when its time is up; this is for a broker that says nothing at all.
  if (!args.await_replies.empty() && options.stall_timeout.count() != 0)
    options.stall_timeout += kBeyondRequests;
  options.grace = parse_duration(args.grace);
  options.drain = from_queue && !args.follow;
  options.strict = args.strict;
  options.interrupted = &session.interrupted;
  return options;
}

void warn_of_fixed_id(const Layers& layers, const PublishOptions& args, std::uint64_t taken, Report& report) {
  const bool fixed =
      layers.typed.message_id || (layers.settings.message_id && args.framing != Framing::records);
  if (fixed && taken > 1)
    report.warning(
        fmt::format("all {} messages have the same message_id, the one that is given; "
                    "leave it out for a fresh one each",
                    taken));
}

Outcome ending(const PublishOptions& args, const PumpSummary& tally, const Session& session, Report& report) {
  const auto summary =
      fmt::format("{} confirmed, {} returned, {} nacked, {} unconfirmed, {} bad in the input",
                  tally.confirmed, tally.returned, tally.nacked, tally.unconfirmed, tally.bad_input);
  if (tally.error) throw args.dry_run ? *tally.error : unconfirmed_or(*tally.error, tally);
  if (tally.gave_up) {
    const bool interrupted = session.interrupted.load() != 0;
    const PumpOptions limits = pump_options(args, false, session);
    throw Error(ErrorKind::unconfirmed,
                fmt::format("{}no {} for {}{}: {}", interrupted ? "interrupted, and " : "",
                            args.await_replies.empty() ? "confirm" : "reply",
                            duration_text(interrupted ? *limits.grace : limits.stall_timeout),
                            tally.stalled.empty() ? "" : " (" + tally.stalled + ")", summary));
  }
  report.detail(summary);
  if (const auto signal = session.interrupted.load()) {
    report.note("interrupted: " + summary);
    return interrupted_by(signal);
  }
  if (tally.stop == StopReason::bad_input) report.error("stopped at the first bad input: " + summary);
  if (tally.bad_input != 0) return Outcome::bad_data;
  if (tally.returned + tally.nacked + tally.rejected != 0) return Outcome::no;
  if (tally.unconfirmed != 0)
    throw Error(ErrorKind::unconfirmed,
                fmt::format("{} of {} requests have not had their replies", tally.unconfirmed, tally.taken));
  if (!tally.settled)
    throw Error(ErrorKind::unconfirmed,
                "all were published, and the connection that they came from was lost before it had the last "
                "acknowledgements: those messages may be sent again");
  if (args.count != 0 && tally.taken < args.count) {
    report.error(fmt::format("only {} of {} messages came", tally.taken, args.count));
    return Outcome::no;
  }
  return Outcome::done;
}

void tell_of_replies(replies::RequestSink& requests, Report& report) {
  requests.acknowledge_replies();
  if (requests.unmatched_replies() != 0)
    report.note(fmt::format("{} replies answer nothing of this run, and were left in their queue",
                            requests.unmatched_replies()));
}

// Before anything is opened to be written.
void check_outputs(const PublishOptions& args, const Session& session) {
  InputFiles inputs;
  inputs.add_file(args.settings);
  inputs.add_file(args.common.password_file);
  for (const auto& file : args.files) inputs.add_file(file);
  if (!args.from.empty()) inputs.add_end(parse_url(args.from));
  if (args.from.empty() && args.files.empty() && !args.body) inputs.add_standard_input();
  if (!args.dry_run) inputs.add_end(resolve_url(args.common, session.environment));
  if (!args.rejects.empty()) inputs.refuse_as_output("--rejects", args.rejects);
}

// A folder is all its files by name, without those that are hidden.
std::vector<std::string> with_folders(const std::vector<std::string>& paths) {
  std::vector<std::string> files;
  for (const auto& path : paths) {
    std::error_code error;
    if (!std::filesystem::is_directory(path, error)) {
      files.push_back(path);
      continue;
    }
    std::vector<std::string> inside;
    for (const auto& entry : std::filesystem::directory_iterator(path, error))
      if (entry.is_regular_file(error) && !entry.path().filename().string().starts_with('.'))
        inside.push_back(entry.path().string());
    if (error) throw Error(ErrorKind::io, fmt::format("--file {}: {}", path, error.message()));
    if (inside.empty())
      throw Error(ErrorKind::missing, fmt::format("--file {}: no files in this folder", path));
    std::sort(inside.begin(), inside.end());
    files.insert(files.end(), inside.begin(), inside.end());
  }
  return files;
}

Receipts::Which receipts_wanted(const PublishOptions& args) {
  using Which = Receipts::Which;
  if (args.dry_run || !args.await_replies.empty() || args.receipts == "none") return Which::none;
  const bool only_failed = args.receipts.empty() ? args.common.voice.quiet : args.receipts == "failed";
  return only_failed ? Which::failed : Which::all;
}

Outcome run(PublishOptions args, Session& session) {
  Report report("iso publish", args.common.voice, session.environment);
  if (args.to_origin) args.where.add("/headers/x-death");
  args.where.check();
  args.files = with_folders(args.files);
  check_outputs(args, session);
  Layers layers = read_layers(args, report);
  layers.keep_broker_headers = args.keep_broker_headers;
  layers.to_origin = args.to_origin;
  const Record defaults = resolve_defaults(layers);
  std::optional<AwaitAcks> acks;
  if (!args.await_acks.empty()) acks.emplace(args.await_acks, args.from, stall_timeout_of(args));
  const auto breaker =
      open_breaker(args.breaker, session.environment, report, timeout_of(args.common, kConnectTime));
  const CircuitOptions guard = circuit_options(args.breaker, breaker);
  auto [source, incoming] =
      open_within(args.wait, session, report, [&] { return open_origin(args, session, guard, report); });
  if (incoming == Incoming::bodies && defaults.exchange->empty() && defaults.routing_key.value_or("").empty())
    throw Error(ErrorKind::usage,
                "no destination: give --routing-key QUEUE, --exchange NAME, or a settings file");
  Receipts receipts(args.rejects, receipts_wanted(args), report);
  auto destination = open_within(args.wait, session, report, [&] {
    return open_destination(args, session, guard, defaults, receipts, report);
  });
  replies::RequestSink* const requests = destination.requests.get();
  PublishObserver observer(Preparer(layers, defaults, incoming, requests != nullptr), receipts, requests,
                           acks ? &*acks : nullptr, session, report);
  report.expect(args.count);
  const PumpSummary tally =
      pump(*source, destination.end(), pump_options(args, incoming == Incoming::messages, session), observer);
  receipts.finish();
  if (requests) tell_of_replies(*requests, report);
  warn_of_fixed_id(layers, args, tally.taken, report);
  if (tally.confirmed != 0) report.detail(observer.speed());
  const Outcome outcome = ending(args, tally, session, report);
  receipts.finish_rejects();
  if (!acks || session.interrupted.load() != 0) return outcome;
  source.reset();  // another relay may have the queue meanwhile
  destination = {};
  const Outcome awaited = acks->wait(session.interrupted, report);
  return outcome == Outcome::done ? awaited : outcome;
}

}  // namespace

Run bind_publish(CLI::App& app) {
  auto args = std::make_shared<PublishOptions>();
  args->add_to(app);
  return [args](Session& session) { return run(*args, session); };
}

}  // namespace iso::cli
