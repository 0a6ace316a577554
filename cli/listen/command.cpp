#include "cli/shared/command.h"

#include <algorithm>
#include <fmt/core.h>
#include <memory>
#include <unistd.h>

#include "base/clock.h"
#include "base/duration.h"
#include "base/error.h"
#include "base/replaced_file.h"
#include "cli/listen/destination.h"
#include "cli/listen/options.h"
#include "cli/listen/outcome.h"
#include "cli/shared/common_options.h"
#include "cli/shared/ending.h"
#include "cli/shared/input_files.h"
#include "cli/shared/report.h"
#include "cli/shared/state_option.h"
#include "cli/shared/waiting.h"
#include "discovery/discovery.h"
#include "discovery/registration.h"
#include "ends/open.h"
#include "pump/pump.h"
#include "store/inbox.h"

namespace iso::cli {
namespace {

constexpr std::chrono::seconds kConnectTime{30};

SourceOptions source_options(const ListenOptions& args, const Url& url, const CircuitOptions& guard,
                             Report& report) {
  SourceOptions options;
  options.guard = guard;
  options.queue = args.queue.empty() ? url.fragment : args.queue;
  for (const auto& text : args.bindings) options.bindings.push_back(read_binding(text));
  if (options.queue.empty() && options.bindings.empty())
    throw Error(ErrorKind::usage, "no queue: name one, or tap an exchange with --bind EXCHANGE[:KEY]");
  if (options.queue.empty() && !args.created.type.empty() && args.created.type != "classic")
    throw Error(ErrorKind::usage, fmt::format("--queue-type {}: a private queue is classic; name the queue",
                                              args.created.type));
  options.name = "iso listen " + (options.queue.empty() ? options.bindings.front().exchange : options.queue);
  options.timeout = std::min<std::chrono::milliseconds>(
      try_time(timeout_of(args.common, kConnectTime), args.wait), kConnectTime);
  options.notice = [&report](std::string_view text) { report.note(text); };
  options.max_message = args.max_message;
  options.declare = args.declare;
  options.queue_arguments = args.created.table().value_or(FieldTable());
  options.peek = args.peek;
  options.peek_counted = args.peek_how == "counted";
  options.count = args.count;
  options.prefetch = prefetch_of(args);
  options.at_once = at_once_of(args);
  if (!args.offset.empty())
    options.offset = read_offset(args.offset, system_clock().wall().time_since_epoch());
  options.until_end = args.drain || args.peek;
  options.gives_back = args.inbox.empty() && (args.has_handler() || !args.confirm_as.empty());
  options.few_at_first = args.inbox.empty() && !args.has_handler() && args.acks.empty();
  args.where.prepare(options);
  return options;
}

PumpOptions pump_options(const ListenOptions& args, const Session& session) {
  PumpOptions options;
  options.window = prefetch_of(args);
  options.count = args.count;
  if (!args.idle.empty()) options.idle = parse_duration(args.idle);
  options.run_time = timeout_of(args.common, std::chrono::milliseconds{0});
  options.drain = args.drain;
  options.grace = parse_duration(args.grace);
  options.interrupted = &session.interrupted;
  return options;
}

// The source of what is printed: the inbox that the queue fills, or the queue itself.
struct Origin {
  std::unique_ptr<store::Inbox> inbox;
  std::unique_ptr<Source> queue;

  Source& source() const { return inbox ? *inbox : *queue; }
};

// An inbox that has read a stream goes on behind what it has, wherever a first run was to begin.
void go_on_in_stream(SourceOptions& options, const Url& store, Report& report) {
  const auto next = store::next_offset(store, options.queue, options.timeout);
  if (!next) return;
  options.offset = StreamOffset{StreamOffset::From::number, *next};
  report.note(fmt::format("reading the stream \"{}\" on from offset {}", options.queue, *next));
}

Origin open_origin(const ListenOptions& args, const Url& url, const CircuitOptions& guard, Report& report) {
  SourceOptions options = source_options(args, url, guard, report);
  if (!args.state.empty()) return {nullptr, args.where.pick_looked_at(open_state(args.state, url, options))};
  const auto open = [&] {
    return args.where.pick(ends::open_source(url, options), url, options, prefetch_of(args), report);
  };
  if (args.inbox.empty()) return {nullptr, open()};
  const Url store = parse_url(args.inbox);
  if (!ends::is_store(store))
    throw Error(ErrorKind::usage,
                fmt::format("--inbox {}: an inbox is a store, sqlite:PATH", redacted(store)));
  if (options.queue.empty())
    throw Error(ErrorKind::usage, "--inbox needs the name of a queue: keys are kept for each queue");
  std::optional<Pointer> key;
  if (!args.dedupe_key.empty()) key.emplace(args.dedupe_key);
  if (ends::traits_of(url).remote) go_on_in_stream(options, store, report);
  auto feed = open();
  if (!store.fragment.empty()) options.queue = store.fragment;
  options.bindings.clear();
  options.queue_arguments.clear();
  return {std::make_unique<store::Inbox>(std::move(feed), store, options, std::move(key)), nullptr};
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

// What people are told while messages come.
class ListenObserver final : public PumpObserver {
 public:
  // All outlive this. `registration` may be null.
  ListenObserver(const ListenOptions& args, bool on_broker, discovery::Registration* registration,
                 const Session& session, Report& report)
      : args_(args), on_broker_(on_broker), registration_(registration), report_(report), session_(session) {
    if (!args.rejects.empty()) rejects_.emplace(args.rejects);
  }

  void report(const Delivery& taken, const DeliveryResult& result) override {
    if (!taken.bad_input) ++reported_;
    if (taken.bad_input) report_.error(unreadable_text(taken));
    if (result.status == DeliveryStatus::rejected) report_.error(failure_text(taken.record, result));
    if (result.status == DeliveryStatus::deferred) tell_deferred(taken, result);
    if (taken.bad_input || result.status == DeliveryStatus::rejected) keep_reject(taken);
    report_.progress("received", ++received_);
  }

  void stalled(std::string_view why) override {
    const bool stores = !args_.acks.empty();
    if (why.empty())
      report_.note(stores ? "storing confirmations again" : "sending answers again");
    else
      report_.note(fmt::format("{} wait{}: {}", stores ? "confirmations" : "answers",
                               stores ? "" : " for the broker", why));
  }

  void prepare(Record&) override { ++begun_; }

  Wait wait() override {
    tell_of_interruption(report_, session_, begun_ - reported_);
    if (registration_)
      for (const auto& news : registration_->news()) report_.warning(news);
    return {};
  }

  // The run succeeded: the rejects of an earlier one are replaced even if there are none now.
  void finish_rejects() {
    if (rejects_) rejects_->finish();
  }

 private:
  // Before its source hears that it is rejected, which is with the next flush.
  void keep_reject(const Delivery& taken) {
    if (!rejects_) return;
    append_reject(rejects_->output().buffer(), taken);
    rejects_->output().write_all();
  }

  void tell_deferred(const Delivery& taken, const DeliveryResult& result) {
    report_.note(failure_text(taken.record, result));
    if (on_broker_ && !std::exchange(told_of_limit_, true))
      report_.note(
          "on a quorum queue each try counts: after its delivery limit the broker drops or "
          "dead-letters the message");
  }

  const ListenOptions& args_;
  bool on_broker_;
  discovery::Registration* registration_;
  Report& report_;
  std::uint64_t received_ = 0;
  bool told_of_limit_ = false;
  const Session& session_;
  std::uint64_t begun_ = 0, reported_ = 0;  // good messages
  std::optional<ReplacedFile> rejects_;
};

void check(const ListenOptions& args) {
  args.where.check();
  if (!args.created.arguments.empty() && !args.declare && args.bindings.empty())
    throw Error(ErrorKind::usage, "--queue-argument needs --declare: it is for a queue that is created");
  if (args.reply && !args.has_handler())
    throw Error(ErrorKind::usage, "--reply needs a handler: --exec CMD or --coprocess CMD");
  if (!args.job_timeout.empty() && !args.has_handler())
    throw Error(ErrorKind::usage, "--job-timeout needs a handler: --exec CMD or --coprocess CMD");
  if (args.acks.empty()) return;
  if (const Url store = parse_url(args.acks); !ends::is_store(store) || !store.fragment.empty())
    throw Error(ErrorKind::usage,
                fmt::format("--acks {}: a ledger is a store, sqlite:PATH", redacted(store)));
}

// Before anything is opened to be written.
void check_outputs(const ListenOptions& args, const Url& url) {
  if (args.rejects.empty()) return;
  InputFiles inputs;
  inputs.add_end(url);
  for (const auto& end : {args.inbox, args.acks})
    if (!end.empty()) inputs.add_end(parse_url(end));
  inputs.add_file(args.common.password_file);
  inputs.refuse_as_output("--rejects", args.rejects);
}

Outcome run(const ListenOptions& args, Session& session) {
  Report report("iso listen", args.common.voice, session.environment);
  check(args);
  const Url url = resolve_url(args.common, session.environment);
  check_outputs(args, url);
  const PumpOptions options = pump_options(args, session);
  const auto breaker = open_breaker(args.breaker, session.environment, report, longest_call(args));
  const CircuitOptions guard = circuit_options(args.breaker, breaker);
  const Origin origin =
      open_within(args.wait, session, report, [&] { return open_origin(args, url, guard, report); });
  const ListenDestination destination = open_destination(args, url, session, guard, report);
  const auto registration = register_self(args, session.environment);
  const bool on_broker = args.inbox.empty() && !ends::is_store(url);
  ListenObserver observer(args, on_broker, registration.get(), session, report);
  const bool waits = !args.drain && !args.peek && session.environment.is_terminal(STDERR_FILENO);
  if (waits)
    report.note(
        fmt::format("waiting on \"{}\" at {} (Ctrl-C stops)", origin.source().queue(), redacted(url)));
  report.expect(args.count);
  ListenCounts counts;
  counts.pumped = pump(origin.source(), destination.end(), options, observer);
  if (origin.inbox) counts.inbox = origin.inbox->tally();
  if (destination.replying) counts.replies = destination.replying->tally();
  if (destination.ledger) counts.ledger = destination.ledger->tally();
  const Outcome outcome = listen_outcome(args, counts, on_broker, session.interrupted.load(), report);
  observer.finish_rejects();
  return outcome;
}

}  // namespace

Run bind_listen(CLI::App& app) {
  auto args = std::make_shared<ListenOptions>();
  args->add_to(app);
  return [args](Session& session) { return run(*args, session); };
}

}  // namespace iso::cli
