#include <fmt/chrono.h>
#include <fmt/format.h>
#include <memory>
#include <poll.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "cli/command.h"
#include "cli/common_options.h"
#include "cli/ending.h"
#include "cli/layers.h"
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
constexpr std::uint64_t kFailuresShown = 10;
constexpr std::size_t kReceiptsAtOnce = 64 * 1024;

struct Args {
  CommonOptions common;
  RecordOptions record;
  std::string settings, body, rejects;
  std::vector<std::string> files;
  Framing framing = Framing::json;
  std::uint64_t count = 0;
  double rate = 0;
  std::size_t window = 1000;
  bool strict = false, dry_run = false, has_body = false;
};

Layers read_layers(const Args& args, Report& report) {
  if (args.settings.empty()) return {args.record.record(), {}};
  Settings settings = read_settings(read_file(args.settings), args.settings);
  for (const auto& warning : settings.warnings) report.warning(warning);
  if (settings.record.body_kind)
    throw Error(Kind::config,
                fmt::format("{}: a settings file has no body; give it with --body", args.settings));
  return {args.record.record(), std::move(settings.record)};
}

SinkOptions sink_options(const Record& defaults, std::chrono::milliseconds timeout, Report& report) {
  SinkOptions options;
  options.name = "iso publish " + defaults.exchange.value_or("");
  if (options.name.back() == ' ') options.name += defaults.routing_key.value_or("");
  options.timeout = timeout;
  options.notice = [&report](std::string_view text) { report.note(text); };
  options.direct_name = defaults.direct_name.value_or("");
  options.queue = defaults.queue.value_or("");
  options.exchange = defaults.exchange.value_or("");
  options.routing_key = defaults.routing_key.value_or("");
  return options;
}

// The outcome of each message: receipts on stdout, failures on stderr, what did not make it in --rejects.
class Receipts {
 public:
  Receipts(const Args& args, Report& report)
      : report_(report),
        dry_run_(args.dry_run),
        receipts_(Descriptor::lend(STDOUT_FILENO), "standard output") {
    if (!args.rejects.empty()) rejects_.emplace(open_to_write(args.rejects), args.rejects);
  }

  void operator()(const Taken& taken, const Verdict& verdict) {
    if (taken.flaw) {
      failure(fmt::format("input {}: {}", taken.flaw->number, taken.flaw->why));
    } else if (!dry_run_) {
      append_receipt(receipts_.buffer(), taken.record, verdict);
      if (verdict.fate != Fate::confirmed) failure(failure_text(taken.record, verdict));
    }
    if (rejects_ && (taken.flaw || verdict.fate != Fate::confirmed)) {
      append_reject(rejects_->buffer(), taken);
      rejects_->write_all();
    }
    if (receipts_.pending() >= kReceiptsAtOnce) write_some();
    report_.progress("published", ++done_);
  }

  // A slow reader of the receipts holds back what is taken, not the confirms that come meanwhile.
  Intake intake() const {
    if (broken_) return Intake::over;
    return receipts_.pending() >= kReceiptsAtOnce && !receipts_.closed() ? Intake::full : Intake::open;
  }

  Wait pause() {
    write_some();
    if (broken_ || receipts_.closed() || receipts_.pending() == 0) return {};
    return {receipts_.descriptor(), POLLOUT, std::nullopt};
  }

  // Throws what kept the receipts from being written.
  void finish() {
    if (failures_ > kFailuresShown)
      report_.error(fmt::format("and {} more like these{}", failures_ - kFailuresShown,
                                rejects_ ? "; all are in the rejects" : "; --rejects FILE keeps them all"));
    if (broken_) throw *broken_;
    receipts_.write_all();
  }

 private:
  void write_some() {
    try {
      if (!broken_) receipts_.write_some();
    } catch (const Error& error) {
      broken_ = error;
    }
  }

  void failure(const std::string& text) {
    if (++failures_ <= kFailuresShown) report_.error(text);
  }

  Report& report_;
  bool dry_run_;
  Output receipts_;
  std::optional<Output> rejects_;
  std::optional<Error> broken_;
  std::uint64_t failures_ = 0, done_ = 0;
};

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
  for (const auto& file : args.files) {
    if (file == "-") {
      inputs.push_back({Descriptor::lend(STDIN_FILENO), ""});
    } else {
      inputs.push_back({open_to_read(file), file});
    }
  }
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
  if (args.dry_run)
    return open_stream_sink(Descriptor::lend(STDOUT_FILENO), "standard output", StreamFormat::records);
  return open_sink(url, sink_options(defaults, timeout_of(args.common, kPatience), report));
}

PumpOptions pump_options(const Args& args, const Session& session) {
  PumpOptions options;
  options.window = args.window;
  options.count = args.count;
  options.rate = args.rate;
  options.patience = timeout_of(args.common, kPatience);
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
                fmt::format("no confirm for {}: {}", timeout_of(args.common, kPatience), summary));
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

Outcome run(Args& args, Session& session) {
  Report report("iso publish", args.common.voice, session.environment);
  const Layers layers = read_layers(args, report);
  const Record defaults = resolve_defaults(layers);
  const bool records = args.framing == Framing::records;
  if (!records && defaults.exchange->empty() && defaults.routing_key.value_or("").empty())
    throw Error(Kind::usage, "where to? say --routing-key QUEUE, --exchange NAME, or give a settings file");
  auto source = open_input(args, session, report);
  Receipts receipts(args, report);
  auto sink = open_output(args, session, defaults, report);

  PumpHooks hooks;
  hooks.prepare = [preparer = std::make_shared<Preparer>(layers, defaults, records)](Record& record) {
    (*preparer)(record);
  };
  hooks.report = [&receipts](const Taken& taken, const Verdict& verdict) { receipts(taken, verdict); };
  hooks.stalled = [&report](std::string_view why) {
    report.note(why.empty() ? "the broker takes messages again"
                            : fmt::format("the broker takes no messages: {}", why));
  };
  hooks.intake = [&receipts] { return receipts.intake(); };
  hooks.pause = [&receipts] { return receipts.pause(); };
  const Tally tally = pump(*source, *sink, pump_options(args, session), hooks);
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
  const std::map<std::string, Framing> framings{{"json", Framing::json},
                                                {"lines", Framing::lines},
                                                {"whole", Framing::whole},
                                                {"records", Framing::records}};
  app.add_option("--in", args->framing,
                 "How input is cut into messages: json values, lines of text, whole, or records")
      ->type_name("FORM")
      ->transform(CLI::CheckedTransformer(framings).description("{json,lines,whole,records}"))
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
  app.add_flag("--dry-run", args->dry_run, "Print the records that would be published; contact no one");
  args->record.add_to(app);
  add_common_options(app, args->common, "Give up when no confirm came for so long (30s)");
  return [args, body](Session& session) {
    args->has_body = body->count() > 0;
    return run(*args, session);
  };
}

}  // namespace iso
