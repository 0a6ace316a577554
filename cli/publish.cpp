#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <memory>
#include <unistd.h>

#include "base/duration.h"
#include "base/error.h"
#include "base/file.h"
#include "cli/command.h"
#include "cli/common_options.h"
#include "cli/ending.h"
#include "cli/layers.h"
#include "cli/receipts.h"
#include "cli/record_options.h"
#include "cli/report.h"
#include "ends/open.h"
#include "ends/stream.h"
#include "pump/pump.h"
#include "record/scan.h"
#include "record/settings.h"

namespace iso {
namespace {

constexpr std::chrono::seconds kPatience{30};
constexpr std::uint32_t kMaxAttempts = 5;
constexpr std::chrono::seconds kDrainTime{5};

struct Args {
  CommonOptions common;
  RecordOptions record;
  std::string settings, body, from, rejects;
  std::vector<std::string> files;
  Framing framing = Framing::json;
  std::uint64_t count = 0;
  double rate = 0;
  std::size_t window = 1000;
  std::uint32_t max_attempts = kMaxAttempts;
  bool strict = false, dry_run = false, has_body = false, follow = false;
};

// How long nothing may be heard of the far side; no limit for a relay that goes on for ever.
std::chrono::milliseconds patience_of(const Args& args) {
  return timeout_of(args.common, args.follow ? std::chrono::milliseconds{0} : kPatience);
}

Layers read_layers(const Args& args, Report& report) {
  if (args.settings.empty()) return {args.record.record(), {}};
  Settings settings = read_settings(read_file(args.settings), args.settings);
  for (const auto& warning : settings.warnings) report.warning(warning);
  if (settings.record.body_kind)
    throw Error(Kind::config,
                fmt::format("{}: a settings file has no body; give it with --body", args.settings));
  return {args.record.record(), std::move(settings.record)};
}

void set_end_options(EndOptions& options, const Args& args, std::string name, Report& report) {
  options.name = std::move(name);
  options.outage = patience_of(args);
  options.timeout = timeout_of(args.common, kPatience);
  options.notice = [&report](std::string_view text) { report.note(text); };
}

SinkOptions sink_options(const Args& args, const Url& url, const Record& defaults, Report& report) {
  SinkOptions options;
  const auto exchange = defaults.exchange.value_or("");
  set_end_options(options, args,
                  "iso publish " + (exchange.empty() ? defaults.routing_key.value_or("") : exchange), report);
  options.direct_name = defaults.direct_name.value_or("");
  options.queue = defaults.queue.value_or("");
  options.exchange = exchange;
  options.routing_key = defaults.routing_key.value_or("");
  options.into = url.fragment;
  return options;
}

// Where --from points: a queue, or a file of records.
std::unique_ptr<Source> open_from(const Args& args, const Url& from, Report& report) {
  SourceOptions options;
  set_end_options(options, args, "iso publish --from " + from.fragment, report);
  options.queue = from.fragment;
  if (options.queue.empty())
    throw Error(Kind::usage,
                fmt::format("--from {}: which queue? say {}#QUEUE", redacted(from), redacted(from)));
  options.peek = args.dry_run;
  options.relay = true;
  options.max_attempts = args.max_attempts;
  options.count = args.count;
  options.prefetch = static_cast<std::uint16_t>(args.window);
  return open_source(from, options);
}

Input file_input(const std::string& path) {
  if (path == "-") return {Descriptor::lend(STDIN_FILENO), ""};
  return {open_to_read(path), path};
}

std::unique_ptr<Source> open_input(const Args& args, const Session& session, Report& report) {
  if (args.has_body) {
    if (args.framing == Framing::json && !is_json(args.body))
      throw Error(Kind::usage,
                  fmt::format("--body {}: not JSON; quote it, or say --in whole for text", args.body));
    if (args.framing == Framing::records || args.framing == Framing::lines)
      throw Error(Kind::usage, "--body is one body: it goes with --in json or --in whole");
    Record record;
    record.body = args.body;
    record.body_kind = body_kind_of(args.body);
    return repeat_source(std::move(record), args.count == 0 ? 1 : args.count);
  }
  std::vector<Input> inputs;
  for (const auto& file : args.files) inputs.push_back(file_input(file));
  if (inputs.empty()) {
    if (session.environment.is_terminal(STDIN_FILENO))
      report.note("reading messages from the terminal; end with Ctrl-D");
    inputs.push_back({Descriptor::lend(STDIN_FILENO), ""});
  }
  return open_stream_source(std::move(inputs), args.framing);
}

std::unique_ptr<Sink> open_output(const Args& args, const Session& session, const Record& defaults,
                                  Report& report) {
  const Url url = resolve_url(args.common, session.environment);
  if (!url.fragment.empty() && url.scheme != "sqlite")
    throw Error(Kind::usage, fmt::format("{}: a broker routes what is published; say --routing-key {}",
                                         redacted(url), url.fragment));
  if (args.dry_run)
    return open_stream_sink(Descriptor::lend(STDOUT_FILENO), "standard output", StreamFormat::records);
  return open_sink(url, sink_options(args, url, defaults, report));
}

PumpOptions pump_options(const Args& args, bool from_queue, const Session& session) {
  PumpOptions options;
  options.window = args.window;
  options.count = args.count;
  options.rate = args.rate;
  options.patience = patience_of(args);
  if (args.follow) options.drain_time = kDrainTime;
  options.drain = from_queue && !args.follow;
  options.strict = args.strict;
  options.interrupted = &session.interrupted;
  return options;
}

void warn_of_fixed_id(const Layers& layers, const Args& args, std::uint64_t taken, Report& report) {
  const bool fixed =
      layers.typed.message_id || (layers.settings.message_id && args.framing != Framing::records);
  if (fixed && taken > 1)
    report.warning(
        fmt::format("all {} messages have the same message_id, the one that is given; "
                    "leave it out for a fresh one each",
                    taken));
}

Outcome ending(const Args& args, const Tally& tally, const Session& session, Report& report) {
  const auto summary =
      fmt::format("{} confirmed, {} returned, {} nacked, {} unconfirmed, {} bad in the input",
                  tally.confirmed, tally.returned, tally.nacked, tally.unconfirmed, tally.flawed);
  if (tally.error) throw unconfirmed_or(*tally.error, tally);
  if (tally.gave_up)
    throw Error(Kind::unconfirmed,
                fmt::format("no confirm for {}{}: {}", duration_text(patience_of(args)),
                            tally.stalled.empty() ? "" : " (" + tally.stalled + ")", summary));
  report.detail(summary);
  if (const auto signal = session.interrupted.load()) {
    report.note("interrupted: " + summary);
    return interrupted_by(signal);
  }
  if (tally.stop == Stop::flawed) report.error("stopped at the first bad input: " + summary);
  if (tally.flawed != 0) return Outcome::bad_data;
  if (tally.returned + tally.nacked != 0) return Outcome::no;
  if (args.count != 0 && tally.taken < args.count) {
    report.error(fmt::format("only {} of {} messages came", tally.taken, args.count));
    return Outcome::no;
  }
  return Outcome::done;
}

// Where messages come from, and what they are.
struct Origin {
  std::unique_ptr<Source> source;
  Incoming incoming = Incoming::bodies;
};

Origin open_origin(const Args& args, const Session& session, Report& report) {
  const Incoming framed = args.framing == Framing::records ? Incoming::records : Incoming::bodies;
  if (args.from.empty()) return {open_input(args, session, report), framed};
  const Url from = parse_url(args.from);
  if (from.scheme != "file") return {open_from(args, from, report), Incoming::messages};
  if (args.follow) throw Error(Kind::usage, "--follow needs a queue to follow: --from sqlite:PATH#QUEUE");
  std::vector<Input> inputs;
  inputs.push_back(file_input(from.path));
  return {open_stream_source(std::move(inputs), Framing::records), Incoming::records};
}

Outcome run(Args& args, Session& session) {
  Report report("iso publish", args.common.voice, session.environment);
  const Layers layers = read_layers(args, report);
  const Record defaults = resolve_defaults(layers);
  const auto [source, incoming] = open_origin(args, session, report);
  if (incoming == Incoming::bodies && defaults.exchange->empty() && defaults.routing_key.value_or("").empty())
    throw Error(Kind::usage, "where to? say --routing-key QUEUE, --exchange NAME, or give a settings file");
  Receipts receipts(args.rejects, args.dry_run, report);
  auto sink = open_output(args, session, defaults, report);

  PumpHooks hooks;
  hooks.prepare = [preparer = std::make_shared<Preparer>(layers, defaults, incoming)](Record& record) {
    (*preparer)(record);
  };
  hooks.report = [&receipts](const Taken& taken, const Verdict& verdict) { receipts(taken, verdict); };
  hooks.stalled = [&report](std::string_view why) {
    report.note(why.empty() ? "messages move again" : fmt::format("no message moves: {}", why));
  };
  hooks.intake = [&receipts] { return receipts.intake(); };
  hooks.pause = [&receipts] { return receipts.pause(); };
  const Tally tally =
      pump(*source, *sink, pump_options(args, incoming == Incoming::messages, session), hooks);
  receipts.finish();
  warn_of_fixed_id(layers, args, tally.taken, report);
  return ending(args, tally, session, report);
}

}  // namespace

Run bind_publish(CLI::App& app) {
  auto args = std::make_shared<Args>();
  app.add_option("settings", args->settings, "Settings file: a record without a body")->type_name("SETTINGS");
  auto* body = app.add_option("--body", args->body, "The body of one message, as JSON; with --count, of each")
                   ->type_name("JSON");
  app.add_option("--file", args->files,
                 "Read bodies from this file instead of standard input; may be repeated")
      ->type_name("PATH")
      ->excludes(body);
  auto* from = app.add_option("--from", args->from,
                              "Take messages from another end instead: URL#QUEUE, or a file of records")
                   ->type_name("END")
                   ->excludes(body)
                   ->excludes("--file");
  app.add_flag("--follow", args->follow, "With --from: when the queue is empty, wait for more")->needs(from);
  app.add_option("--max-attempts", args->max_attempts,
                 "With --from: a message of a store that failed so often is dead")
      ->type_name("N")
      ->check(CLI::PositiveNumber)
      ->needs(from)
      ->default_str("5");
  const std::map<std::string, Framing> framings{{"json", Framing::json},
                                                {"lines", Framing::lines},
                                                {"whole", Framing::whole},
                                                {"records", Framing::records}};
  app.add_option("--in", args->framing,
                 "How input is cut into messages: json values, lines of text, whole, or records")
      ->type_name("FORM")
      ->transform(CLI::CheckedTransformer(framings).description("{json,lines,whole,records}"))
      ->excludes(from)
      ->default_str("json");
  app.add_option("--count", args->count, "Publish no more than N messages; fewer is a failure")
      ->type_name("N")
      ->check(CLI::PositiveNumber);
  app.add_option("--rate", args->rate, "Publish no more than N messages a second")
      ->type_name("N")
      ->check(CLI::PositiveNumber);
  app.add_option("--window", args->window, "Messages on their way and not confirmed yet")
      ->type_name("N")
      ->check(CLI::Range(1, 65'535))
      ->default_str("1000");
  app.add_option("--rejects", args->rejects,
                 "Write the records that did not make it to FILE, ready to publish again")
      ->type_name("FILE");
  app.add_flag("--strict", args->strict, "Stop at the first bad input");
  app.add_flag("--dry-run", args->dry_run, "Print the records that would be published, and publish none");
  args->record.add_to(app);
  add_common_options(app, args->common,
                     "Give up when no confirm came for so long (30s; with --follow never)");
  return [args, body](Session& session) {
    args->has_body = body->count() > 0;
    return run(*args, session);
  };
}

}  // namespace iso
