#include "cli/shared/command.h"

#include <fmt/core.h>
#include <memory>

#include "base/duration.h"
#include "base/error.h"
#include "base/file.h"
#include "cli/publish/await_acks.h"
#include "cli/publish/ends.h"
#include "cli/publish/options.h"
#include "cli/publish/receipts.h"
#include "cli/shared/ending.h"
#include "cli/shared/layers.h"
#include "cli/shared/report.h"
#include "pump/pump.h"
#include "record/settings.h"
#include "replies/requests.h"

namespace iso::cli {
namespace {

constexpr std::chrono::seconds kConnectTime{30};
constexpr std::chrono::seconds kDrainTime{5};
constexpr std::chrono::seconds kGrace{1};

Layers read_layers(const PublishOptions& args, Report& report) {
  if (args.settings.empty()) return {args.record.record(), {}};
  Settings settings = read_settings(read_file(args.settings), args.settings);
  for (const auto& warning : settings.warnings) report.warning(warning);
  if (settings.record.body_kind)
    throw Error(ErrorKind::config,
                fmt::format("{}: a settings file has no body; give it with --body", args.settings));
  return {args.record.record(), std::move(settings.record)};
}

// A request says where its replies should go, and its correlation_id tells which they are.
void prepare_request(Record& record, const replies::RequestSink& requests) {
  const std::string_view address = requests.reply_address();
  if (record.reply_to && *record.reply_to != address)
    throw Error(ErrorKind::data,
                fmt::format("its reply_to is {}, but replies are awaited at {}", *record.reply_to, address));
  if (!record.correlation_id) throw Error(ErrorKind::data, "a request needs a correlation_id");
  record.reply_to = address;
}

PumpOptions pump_options(const PublishOptions& args, bool from_queue, const Session& session) {
  PumpOptions options;
  options.window = args.window;
  options.count = args.count;
  options.rate = args.rate;
  options.patience = patience_of(args);
  // Each request ends by itself when its time is up; this is for a broker that says nothing at all.
  if (!args.await_replies.empty() && options.patience.count() != 0) options.patience += kGrace;
  if (args.follow || !args.await_replies.empty()) options.drain_time = kDrainTime;
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

Outcome ending(const PublishOptions& args, const Tally& tally, const Session& session, Report& report) {
  const auto summary =
      fmt::format("{} confirmed, {} returned, {} nacked, {} unconfirmed, {} bad in the input",
                  tally.confirmed, tally.returned, tally.nacked, tally.unconfirmed, tally.bad_input);
  if (tally.error) throw unconfirmed_or(*tally.error, tally);
  if (tally.gave_up) {
    const bool interrupted = session.interrupted.load() != 0;
    const PumpOptions limits = pump_options(args, false, session);
    throw Error(ErrorKind::unconfirmed,
                fmt::format("{}no {} for {}{}: {}", interrupted ? "interrupted, and " : "",
                            args.await_replies.empty() ? "confirm" : "reply",
                            duration_text(limits.patience_after(interrupted)),
                            tally.stalled.empty() ? "" : " (" + tally.stalled + ")", summary));
  }
  report.detail(summary);
  if (const auto signal = session.interrupted.load()) {
    report.note("interrupted: " + summary);
    return interrupted_by(signal);
  }
  if (tally.stop == Stop::bad_input) report.error("stopped at the first bad input: " + summary);
  if (tally.bad_input != 0) return Outcome::bad_data;
  if (tally.returned + tally.nacked != 0) return Outcome::no;
  if (tally.unconfirmed != 0)
    throw Error(ErrorKind::unconfirmed,
                fmt::format("{} of {} requests have not had their replies", tally.unconfirmed, tally.taken));
  if (args.count != 0 && tally.taken < args.count) {
    report.error(fmt::format("only {} of {} messages came", tally.taken, args.count));
    return Outcome::no;
  }
  return Outcome::done;
}

void tell_of_replies(replies::RequestSink& requests, Report& report) {
  requests.written();
  if (requests.strays() != 0)
    report.note(fmt::format("{} replies answer nothing of this run, and were left in their queue",
                            requests.strays()));
}

Outcome run(const PublishOptions& args, Session& session) {
  Report report("iso publish", args.common.voice, session.environment);
  const Layers layers = read_layers(args, report);
  const Record defaults = resolve_defaults(layers);
  std::optional<AwaitAcks> acks;
  if (!args.await_acks.empty()) acks.emplace(args.await_acks, args.from, patience_of(args));
  const auto breaker =
      open_breaker(args.breaker, session.environment, report, timeout_of(args.common, kConnectTime));
  const CircuitOptions guard = circuit_options(args.breaker, breaker);
  auto [source, incoming] = open_origin(args, session, guard, report);
  if (incoming == Incoming::bodies && defaults.exchange->empty() && defaults.routing_key.value_or("").empty())
    throw Error(ErrorKind::usage,
                "where to? say --routing-key QUEUE, --exchange NAME, or give a settings file");
  Receipts receipts(args.rejects, !args.dry_run && args.await_replies.empty(), report);
  auto destination = open_destination(args, session, guard, defaults, receipts, report);
  replies::RequestSink* const requests = destination.requests;

  PumpHooks hooks;
  hooks.prepare = [preparer = std::make_shared<Preparer>(layers, defaults, incoming),
                   requests](Record& record) {
    (*preparer)(record);
    if (requests) prepare_request(record, *requests);
  };
  hooks.report = [&receipts, &acks](const Delivery& taken, const DeliveryResult& result) {
    receipts(taken, result);
    if (acks) (*acks)(taken, result);
  };
  hooks.stalled = [&report](std::string_view why) {
    report.note(why.empty() ? "messages move again" : fmt::format("no message moves: {}", why));
  };
  hooks.intake = [&receipts] { return receipts.intake(); };
  hooks.pause = [&receipts, requests] {
    Wait wait = receipts.pause();
    if (requests && receipts.all_written()) requests->written();
    return wait;
  };
  const Tally tally =
      pump(*source, *destination.sink, pump_options(args, incoming == Incoming::messages, session), hooks);
  receipts.finish();
  if (requests) tell_of_replies(*requests, report);
  warn_of_fixed_id(layers, args, tally.taken, report);
  const Outcome outcome = ending(args, tally, session, report);
  if (!acks || session.interrupted.load() != 0) return outcome;
  source.reset();  // another relay may have the queue meanwhile
  destination.sink.reset();
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
