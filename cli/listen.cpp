#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <memory>
#include <unistd.h>

#include "base/duration.h"
#include "base/error.h"
#include "base/words.h"
#include "cli/command.h"
#include "cli/common_options.h"
#include "cli/ending.h"
#include "cli/report.h"
#include "ends/inbox.h"
#include "ends/open.h"
#include "ends/process.h"
#include "ends/stream.h"
#include "pump/pump.h"

namespace iso {
namespace {

constexpr std::chrono::seconds kConnectTime{30};
constexpr std::chrono::seconds kDrainTime{5};
constexpr std::uint16_t kPrefetch = 1000;

struct Args {
  CommonOptions common;
  std::string queue, idle, inbox, dedupe_key, exec, job_timeout;
  std::vector<std::string> bindings;
  bool declare = false, drain = false, peek = false;
  std::uint64_t count = 0;
  std::uint16_t prefetch = 0;  // 0: as many as suit what is done with them
  std::uint16_t jobs = 1;
  StreamFormat format = StreamFormat::records;
};

// Commands take their time, and other listeners shall have the rest of the queue: a message each, and one in
// reserve.
std::uint16_t prefetch_of(const Args& args) {
  if (args.prefetch != 0) return args.prefetch;
  return args.exec.empty() ? kPrefetch : static_cast<std::uint16_t>(2 * args.jobs);
}

// "EXCHANGE" or "EXCHANGE:KEY"; an exchange's name may not hold a colon here, a key may.
Binding binding_of(const std::string& text) {
  const auto colon = text.find(':');
  Binding binding{text.substr(0, colon), colon == text.npos ? "" : text.substr(colon + 1)};
  if (binding.exchange.empty())
    throw Error(
        Kind::usage,
        fmt::format("--bind {}: say EXCHANGE or EXCHANGE:KEY; the default exchange has no bindings", text));
  return binding;
}

SourceOptions source_options(const Args& args, const Url& url, Report& report) {
  SourceOptions options;
  options.queue = args.queue.empty() ? url.fragment : args.queue;
  for (const auto& text : args.bindings) options.bindings.push_back(binding_of(text));
  if (options.queue.empty() && options.bindings.empty())
    throw Error(Kind::usage, "listen to what? name a queue, or tap an exchange with --bind EXCHANGE[:KEY]");
  options.name = "iso listen " + (options.queue.empty() ? options.bindings.front().exchange : options.queue);
  options.timeout = std::min(timeout_of(args.common, kConnectTime), std::chrono::milliseconds(kConnectTime));
  options.notice = [&report](std::string_view text) { report.note(text); };
  options.declare = args.declare;
  options.peek = args.peek;
  options.count = args.count;
  options.prefetch = prefetch_of(args);
  return options;
}

PumpOptions pump_options(const Args& args, const Session& session) {
  PumpOptions options;
  options.window = prefetch_of(args);
  options.count = args.count;
  if (!args.idle.empty()) options.idle = parse_duration(args.idle);
  options.run_time = timeout_of(args.common, std::chrono::milliseconds{0});
  options.drain = args.drain;
  options.drain_time = kDrainTime;
  options.interrupted = &session.interrupted;
  return options;
}

std::string_view reason(Stop stop) {
  switch (stop) {
    case Stop::ended:
      return "there were no more";
    case Stop::counted:
      return "all that were asked for came";
    case Stop::idle:
      return "none came for the time of --idle";
    case Stop::timed_out:
      return "the time of --timeout was up";
    case Stop::drained:
      return "the queue is empty";
    case Stop::interrupted:
      return "interrupted";
    case Stop::closed:
      return "the reader of standard output has gone";
    case Stop::flawed:
      return "bad data came";
    case Stop::failed:
      return "it failed";
  }
  return "";
}

// The source of what is printed: the queue itself, or the inbox that it fills.
struct Origin {
  std::unique_ptr<Source> source;
  const InboxTally* inbox = nullptr;
};

Origin open_origin(const Args& args, const Url& url, Report& report) {
  SourceOptions options = source_options(args, url, report);
  if (args.inbox.empty()) return {open_source(url, options), nullptr};
  const Url store = parse_url(args.inbox);
  if (store.scheme != "sqlite")
    throw Error(Kind::usage, fmt::format("--inbox {}: an inbox is a store, sqlite:PATH", redacted(store)));
  if (options.queue.empty())
    throw Error(Kind::usage, "--inbox needs the name of a queue: keys are kept for each queue");
  std::optional<Pointer> key;
  if (!args.dedupe_key.empty()) key.emplace(args.dedupe_key);
  auto feed = open_source(url, options);
  if (!store.fragment.empty()) options.queue = store.fragment;
  options.bindings.clear();
  auto inbox = std::make_unique<Inbox>(std::move(feed), store, options, std::move(key));
  const InboxTally* tally = &inbox->tally();
  return {std::move(inbox), tally};
}

Outcome ending(const Args& args, const Tally& tally, const InboxTally& inbox, const Session& session,
               Report& report) {
  if (tally.error) throw Error(*tally.error);
  report.detail(fmt::format("{} {}: {}", tally.confirmed, args.exec.empty() ? "written" : "handled",
                            reason(tally.stop)));
  if (!args.inbox.empty())
    report.detail(fmt::format("{} stored in the inbox, {} duplicates, {} conflicts", inbox.stored,
                              inbox.duplicates, inbox.conflicts));
  if (const auto signal = session.interrupted.load()) return interrupted_by(signal);
  if (tally.stop == Stop::closed) return Outcome::done;
  if (!tally.away.empty() && tally.stop != Stop::counted)
    throw Error(Kind::unavailable,
                fmt::format("{}, and the broker was away: {}", reason(tally.stop), tally.away));
  if (tally.rejected != 0) {
    report.error(fmt::format("{} messages were rejected by their handler", tally.rejected));
    return Outcome::no;
  }
  if (inbox.conflicts != 0) {
    report.error(fmt::format("{} messages are in conflict with others of the same key", inbox.conflicts));
    return Outcome::no;
  }
  if (args.count != 0 && tally.confirmed < args.count) {
    report.error(fmt::format("{} of {} messages came: {}", tally.confirmed, args.count, reason(tally.stop)));
    return Outcome::no;
  }
  return Outcome::done;
}

std::unique_ptr<Sink> open_output(const Args& args, const Session& session) {
  if (args.exec.empty())
    return open_stream_sink(Descriptor::lend(STDOUT_FILENO), "standard output", args.format);
  ExecOptions options;
  options.command = split_words(args.exec);
  options.environment = session.environment.all();
  options.jobs = args.jobs;
  if (!args.job_timeout.empty()) options.job_timeout = parse_duration(args.job_timeout);
  return open_exec_sink(options);
}

Outcome run(const Args& args, Session& session) {
  Report report("iso listen", args.common.voice, session.environment);
  const Url url = resolve_url(args.common, session.environment);
  const PumpOptions options = pump_options(args, session);
  const auto [source, inbox] = open_origin(args, url, report);
  auto sink = open_output(args, session);
  PumpHooks hooks;
  hooks.report = [&report, received = std::uint64_t{0}](const Taken& taken, const Verdict& verdict) mutable {
    if (verdict.fate == Fate::rejected) report.error(failure_text(taken.record, verdict));
    if (verdict.fate == Fate::deferred) report.note(failure_text(taken.record, verdict));
    report.progress("received", ++received);
  };
  const Tally tally = pump(*source, *sink, options, hooks);
  return ending(args, tally, inbox ? *inbox : InboxTally{}, session, report);
}

}  // namespace

Run bind_listen(CLI::App& app) {
  auto args = std::make_shared<Args>();
  app.add_option("queue", args->queue, "The queue to listen to; none with --bind taps the exchange")
      ->type_name("QUEUE");
  app.add_option("--bind", args->bindings, "Bind the queue to an exchange first; may be repeated")
      ->type_name("EXCHANGE[:KEY]")
      ->take_all()
      ->expected(1);
  app.add_flag("--declare", args->declare, "Create what is missing: the queue, the exchanges of --bind");
  app.add_option("--count", args->count, "Stop after N messages; fewer is a failure")
      ->type_name("N")
      ->check(CLI::PositiveNumber);
  app.add_option("--idle", args->idle, "Stop when no message came for so long")->type_name("DUR");
  app.add_flag("--drain", args->drain, "Stop when the queue is empty");
  app.add_flag("--peek", args->peek, "Look without consuming: what is there now stays there");
  app.add_option("--prefetch", args->prefetch, "Messages with us and not acknowledged yet")
      ->type_name("N")
      ->check(CLI::Range(1, 65'535))
      ->default_str("1000, with --exec twice the jobs");
  auto* inbox = app.add_option("--inbox", args->inbox,
                               "Store each message once in this store, acknowledge it, then hand it on")
                    ->type_name("END");
  inbox->excludes("--peek");
  app.add_option("--dedupe-key", args->dedupe_key,
                 "With --inbox: what makes two messages the same, a JSON pointer; else message_id")
      ->type_name("POINTER")
      ->needs(inbox);
  auto* exec =
      app.add_option("--exec", args->exec,
                     "Run a command for each message: exit 0 acknowledges, 75 asks for it again later, any "
                     "other rejects it")
          ->type_name("CMD")
          ->excludes("--peek");
  app.add_option("--jobs", args->jobs, "With --exec: commands at once")
      ->type_name("N")
      ->check(CLI::Range(1, 1000))
      ->needs(exec)
      ->default_str("1");
  app.add_option("--job-timeout", args->job_timeout,
                 "With --exec: kill a command that runs for longer, and reject")
      ->type_name("DUR")
      ->needs(exec);
  const std::map<std::string, StreamFormat> formats{{"records", StreamFormat::records},
                                                    {"base64", StreamFormat::base64},
                                                    {"body", StreamFormat::body},
                                                    {"raw", StreamFormat::raw}};
  app.add_option(
         "--out", args->format,
         "What to print: records, base64 (records, bodies byte for byte), body (a line each), or raw bytes")
      ->type_name("FORM")
      ->excludes(exec)
      ->transform(CLI::CheckedTransformer(formats).description("{records,base64,body,raw}"))
      ->default_str("records");
  add_common_options(app, args->common, "Stop after so long");
  return [args](Session& session) { return run(*args, session); };
}

}  // namespace iso
