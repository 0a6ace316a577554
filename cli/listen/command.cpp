#include "cli/shared/command.h"

#include <fmt/core.h>
#include <memory>

#include "base/duration.h"
#include "base/error.h"
#include "cli/listen/destination.h"
#include "cli/listen/options.h"
#include "cli/shared/common_options.h"
#include "cli/shared/ending.h"
#include "cli/shared/report.h"
#include "discovery/discovery.h"
#include "discovery/registration.h"
#include "ends/open.h"
#include "pump/pump.h"
#include "store/inbox.h"

namespace iso::cli {
namespace {

constexpr std::chrono::seconds kConnectTime{30};
constexpr std::chrono::seconds kDrainTime{5};

// "EXCHANGE" or "EXCHANGE:KEY"; an exchange's name may not hold a colon here, a key may.
Binding binding_of(const std::string& text) {
  const auto colon = text.find(':');
  Binding binding{text.substr(0, colon), colon == text.npos ? "" : text.substr(colon + 1)};
  if (binding.exchange.empty())
    throw Error(
        ErrorKind::usage,
        fmt::format("--bind {}: say EXCHANGE or EXCHANGE:KEY; the default exchange has no bindings", text));
  return binding;
}

SourceOptions source_options(const ListenOptions& args, const Url& url, const CircuitOptions& guard,
                             Report& report) {
  SourceOptions options;
  options.guard = guard;
  options.queue = args.queue.empty() ? url.fragment : args.queue;
  for (const auto& text : args.bindings) options.bindings.push_back(binding_of(text));
  if (options.queue.empty() && options.bindings.empty())
    throw Error(ErrorKind::usage,
                "listen to what? name a queue, or tap an exchange with --bind EXCHANGE[:KEY]");
  options.name = "iso listen " + (options.queue.empty() ? options.bindings.front().exchange : options.queue);
  options.timeout = std::min(timeout_of(args.common, kConnectTime), std::chrono::milliseconds(kConnectTime));
  options.notice = [&report](std::string_view text) { report.note(text); };
  options.declare = args.declare;
  options.peek = args.peek;
  options.peek_counted = args.peek_how == "counted";
  options.count = args.count;
  options.prefetch = prefetch_of(args);
  return options;
}

PumpOptions pump_options(const ListenOptions& args, const Session& session) {
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
    case Stop::bad_input:
      return "bad data came";
    case Stop::failed:
      return "it failed";
  }
  return "";
}

// The source of what is printed: the queue itself, or the inbox that it fills.
struct Origin {
  std::unique_ptr<Source> source;
  const store::InboxTally* inbox = nullptr;
};

Origin open_origin(const ListenOptions& args, const Url& url, const CircuitOptions& guard, Report& report) {
  SourceOptions options = source_options(args, url, guard, report);
  if (args.inbox.empty()) return {ends::open_source(url, options), nullptr};
  const Url store = parse_url(args.inbox);
  if (store.scheme != "sqlite")
    throw Error(ErrorKind::usage,
                fmt::format("--inbox {}: an inbox is a store, sqlite:PATH", redacted(store)));
  if (options.queue.empty())
    throw Error(ErrorKind::usage, "--inbox needs the name of a queue: keys are kept for each queue");
  std::optional<Pointer> key;
  if (!args.dedupe_key.empty()) key.emplace(args.dedupe_key);
  auto feed = ends::open_source(url, options);
  if (!store.fragment.empty()) options.queue = store.fragment;
  options.bindings.clear();
  auto inbox = std::make_unique<store::Inbox>(std::move(feed), store, options, std::move(key));
  const store::InboxTally* tally = &inbox->tally();
  return {std::move(inbox), tally};
}

// What the parts counted that take part.
struct Counts {
  store::InboxTally inbox;
  replies::AnswerTally answers;
  store::LedgerTally ledger;
  std::string open_circuit;  // why nothing was taken in the end, or ""
};

Outcome ending(const ListenOptions& args, const Tally& tally, const Counts& counts, const Session& session,
               Report& report) {
  const auto& [inbox, answers, ledger, open_circuit] = counts;
  if (tally.error) throw Error(*tally.error);
  report.detail(fmt::format("{} {}: {}", tally.confirmed, args.has_handler() ? "handled" : "written",
                            reason(tally.stop)));
  if (!args.acks.empty())
    report.detail(fmt::format("{} stored in the ledger, {} were there already", ledger.stored, ledger.known));
  if (!args.inbox.empty())
    report.detail(fmt::format("{} stored in the inbox, {} duplicates, {} conflicts", inbox.stored,
                              inbox.duplicates, inbox.conflicts));
  if (answers.sent + answers.undelivered != 0)
    report.detail(fmt::format("{} answers sent, {} returned", answers.sent, answers.undelivered));
  if (const auto signal = session.interrupted.load()) return interrupted_by(signal);
  if (tally.stop == Stop::closed) {
    if (!args.has_handler())
      report.note(fmt::format("the reader of standard output has gone: {} messages were handed over",
                              tally.confirmed));
    return Outcome::done;
  }
  if (tally.gave_up)
    throw Error(ErrorKind::unconfirmed,
                fmt::format("{}, and {} messages were not done {} later; they come again", reason(tally.stop),
                            tally.unconfirmed, duration_text(kDrainTime)));
  if (!tally.away.empty() && tally.stop != Stop::counted)
    throw Error(ErrorKind::unavailable,
                fmt::format("{}, and the broker was away: {}", reason(tally.stop), tally.away));
  if (!open_circuit.empty() && tally.stop == Stop::timed_out)
    throw Error(ErrorKind::unavailable, fmt::format("{}, and {}", reason(tally.stop), open_circuit));
  if (tally.bad_input + inbox.unreadable != 0) return Outcome::bad_data;
  if (tally.rejected != 0) {
    report.error(fmt::format("{} messages were rejected {}", tally.rejected,
                             args.acks.empty() ? "by their handler" : "as no confirmations"));
    return Outcome::no;
  }
  if (answers.undelivered != 0) {
    report.error(fmt::format("{} answers were returned: nobody took them", answers.undelivered));
    return Outcome::no;
  }
  if (inbox.conflicts != 0) {
    report.error(fmt::format("{} messages are in conflict with others of the same key", inbox.conflicts));
    return Outcome::no;
  }
  if (args.count != 0 && tally.confirmed < args.count) {
    const bool came = tally.again == 0;
    report.error(fmt::format("{} of {} messages {}: {}", tally.confirmed, args.count,
                             came ? "came" : "were handled",
                             came ? reason(tally.stop) : "the others come again"));
    return Outcome::no;
  }
  return Outcome::done;
}

// "shop=127.0.0.1:8080"
std::unique_ptr<discovery::Registration> register_self(const ListenOptions& args,
                                                       const Environment& environment) {
  if (args.self.empty()) return nullptr;
  const auto equals = args.self.find('=');
  const std::string service = args.self.substr(0, equals);
  const auto instance =
      equals == std::string::npos ? std::nullopt : discovery::read_instance(args.self.substr(equals + 1));
  if (!instance || !discovery::read_service_url("http+etcd://" + service))
    throw Error(ErrorKind::usage, fmt::format("--register {}: say NAME=HOST:PORT", args.self));
  return std::make_unique<discovery::Registration>(
      discovery::open_lease(registry_kind(args.registry.registry), service, *instance, discovery::kRegistered,
                            registries_of(args.registry, environment)),
      args.self);
}

Intake intake_of(handlers::BreakerSink& guarded) {
  switch (guarded.room()) {
    case handlers::BreakerSink::Room::many:
      return Intake::open;
    case handlers::BreakerSink::Room::one:
      return Intake::one;
    case handlers::BreakerSink::Room::none:
      break;
  }
  return Intake::full;
}

void check(const ListenOptions& args) {
  if (args.reply && !args.has_handler())
    throw Error(ErrorKind::usage, "--reply needs a handler: --exec CMD or --coprocess CMD");
  if (!args.job_timeout.empty() && !args.has_handler())
    throw Error(ErrorKind::usage, "--job-timeout needs a handler: --exec CMD or --coprocess CMD");
  if (args.acks.empty()) return;
  if (const Url store = parse_url(args.acks); store.scheme != "sqlite" || !store.fragment.empty())
    throw Error(ErrorKind::usage,
                fmt::format("--acks {}: a ledger is a store, sqlite:PATH", redacted(store)));
}

Outcome run(const ListenOptions& args, Session& session) {
  Report report("iso listen", args.common.voice, session.environment);
  check(args);
  const Url url = resolve_url(args.common, session.environment);
  const PumpOptions options = pump_options(args, session);
  const auto breaker = open_breaker(args.breaker, session.environment, report, longest_call(args));
  const CircuitOptions guard = circuit_options(args.breaker, breaker);
  const auto [source, inbox] = open_origin(args, url, guard, report);
  const auto [sink, answers, ledger, guarded] = open_destination(args, url, session, guard, report);
  const auto registration = register_self(args, session.environment);
  PumpHooks hooks;
  if (registration)
    hooks.pause = [&report, &registration] {
      for (const auto& news : registration->news()) report.warning(news);
      return Wait{};
    };
  hooks.report = [&report, received = std::uint64_t{0}](const Delivery& taken,
                                                        const DeliveryResult& result) mutable {
    if (taken.bad_input) report.error(unreadable_text(taken));
    if (result.status == DeliveryStatus::rejected) report.error(failure_text(taken.record, result));
    if (result.status == DeliveryStatus::deferred) report.note(failure_text(taken.record, result));
    report.progress("received", ++received);
  };
  hooks.stalled = [&report, &args](std::string_view why) {
    const bool stores = !args.acks.empty();
    if (why.empty())
      report.note(stores ? "confirmations are stored again" : "answers go on");
    else
      report.note(fmt::format("{} wait{}: {}", stores ? "confirmations" : "answers",
                              stores ? "" : " for the broker", why));
  };
  if (guarded) hooks.intake = [guarded = guarded] { return intake_of(*guarded); };
  const Tally tally = pump(*source, *sink, options, hooks);
  Counts counts;
  if (inbox) counts.inbox = *inbox;
  if (answers) counts.answers = *answers;
  if (ledger) counts.ledger = *ledger;
  if (guarded) counts.open_circuit = guarded->why_none();
  return ending(args, tally, counts, session, report);
}

}  // namespace

Run bind_listen(CLI::App& app) {
  auto args = std::make_shared<ListenOptions>();
  args->add_to(app);
  return [args](Session& session) { return run(*args, session); };
}

}  // namespace iso::cli
