#include "cli/listen/destination.h"

#include <algorithm>
#include <unistd.h>

#include "base/words.h"
#include "cli/listen/pretty.h"
#include "cli/program.h"
#include "cli/shared/columns.h"
#include "cli/shared/terminal_size.h"
#include "ends/open.h"
#include "ends/stream.h"
#include "handlers/breaker_sink.h"
#include "handlers/coprocess.h"
#include "handlers/exec.h"
#include "record/write.h"

namespace iso::cli {
namespace {

constexpr std::chrono::seconds kConnectTime{30};
constexpr std::chrono::minutes kLongCommand{10};  // of which nobody said how long it may take
constexpr std::uint16_t kPrefetch = 1000, kCoprocessPrefetch = 100;

std::chrono::milliseconds job_timeout_of(const ListenOptions& args) {
  return duration_or(args.job_timeout, std::chrono::milliseconds(0));
}

// What was meant for this run is not for the iso that a handler may run.
std::vector<std::string> environment_for_handlers(const Session& session) {
  auto entries = session.environment.all();
  for (const std::string& name : option_variables())
    std::erase_if(entries, [&](const std::string& entry) { return entry.starts_with(name + "="); });
  return entries;
}

std::unique_ptr<Sink> open_exec(const ListenOptions& args, const Session& session, Report& report) {
  handlers::ExecOptions options;
  options.command = split_words(args.exec);
  options.environment = environment_for_handlers(session);
  options.jobs = args.jobs;
  options.job_timeout = job_timeout_of(args);
  options.replies = args.reply;
  if (!args.reply) options.prints_to = STDOUT_FILENO;
  options.errors_to = STDERR_FILENO;
  options.notice = [&report](std::string_view text) { report.note(text); };
  return handlers::open_exec_sink(options);
}

std::unique_ptr<Sink> open_coprocess(const ListenOptions& args, const Session& session, Report& report) {
  handlers::CoprocessOptions options;
  options.command = split_words(args.coprocess);
  options.environment = environment_for_handlers(session);
  options.answer_time = job_timeout_of(args);
  options.replies = args.reply;
  options.notice = [&report](std::string_view text) { report.note(text); };
  return handlers::open_coprocess_sink(options);
}

// A terminal obeys what a message holds: there, a record has escapes in the place of controls, which are the
// same JSON in its strings.
ends::WriteRecord writer_for_terminal(ends::StreamFormat format, const ListenOptions& args,
                                      const Session& session) {
  if (format == ends::StreamFormat::pretty) {
    constexpr std::size_t kLines = 24;  // of a terminal that does not say
    constexpr std::size_t kAround = 4;  // the head line, and what is above and below a message
    PrettyOptions pretty;
    pretty.color = wants_color(args.common.voice, session.environment, STDOUT_FILENO);
    if (!args.common.voice.verbose && session.environment.is_terminal(STDOUT_FILENO))
      pretty.lines = std::max(terminal_lines(STDOUT_FILENO, kLines), 2 * kAround) - kAround;
    return [pretty](std::string& out, const Record& record) { append_pretty(out, record, pretty); };
  }
  return [format](std::string& out, const Record& record) {
    std::string line;
    if (format == ends::StreamFormat::body && record.body_kind != BodyKind::json)
      line = record.body;
    else if (format == ends::StreamFormat::body)
      append_one_line(line, record.body);
    else
      append_record(line, record, format == ends::StreamFormat::base64 ? BodyAs::base64 : BodyAs::best);
    std::replace(line.begin(), line.end(), '\t', ' ');  // between tokens, as in a string it is an escape
    out += escape_for_terminal(line) + '\n';
  };
}

std::unique_ptr<Sink> open_output(const ListenOptions& args, const Session& session) {
  using ends::StreamFormat;
  const bool on_terminal = session.environment.is_terminal(STDOUT_FILENO);
  const StreamFormat format =
      args.format.value_or(on_terminal ? StreamFormat::pretty : StreamFormat::records);
  const auto once = args.peek ? ends::ConfirmOnce::written : ends::ConfirmOnce::read;
  if (format == StreamFormat::pretty || (on_terminal && format != StreamFormat::raw))
    return ends::open_stream_sink(standard_output(), "standard output",
                                  writer_for_terminal(format, args, session), once);
  return ends::open_stream_sink(standard_output(), "standard output", format, once);
}

std::unique_ptr<Sink> open_handler(const ListenOptions& args, const Session& session, Report& report) {
  if (!args.exec.empty()) return open_exec(args, session, report);
  if (!args.coprocess.empty()) return open_coprocess(args, session, report);
  return open_output(args, session);
}

std::unique_ptr<Sink> guard_handler(std::unique_ptr<Sink> handler, const ListenOptions& args,
                                    const CircuitOptions& guard, Report& report) {
  handlers::BreakerSinkOptions options;
  options.circuit = guard.name;
  options.at_once = args.exec.empty() ? prefetch_of(args) : args.jobs;
  options.notice = [&report](std::string_view text) { report.note(text); };
  return std::make_unique<handlers::BreakerSink>(std::move(handler), *guard.breaker, std::move(options));
}

}  // namespace

ListenDestination open_destination(const ListenOptions& args, Url url, const Session& session,
                                   const CircuitOptions& guard, Report& report) {
  ListenDestination destination;
  if (!args.acks.empty()) {
    destination.ledger = std::make_unique<store::LedgerSink>(parse_url(args.acks));
    return destination;
  }
  destination.handler = open_handler(args, session, report);
  if (guard.breaker && args.has_handler())
    destination.handler = guard_handler(std::move(destination.handler), args, guard, report);
  if (!args.reply && args.confirm_as.empty()) return destination;
  SinkOptions to;
  url.fragment.clear();
  to.name = "iso listen " + args.queue + " (answers)";
  to.timeout = kConnectTime;
  to.max_message = args.max_message;
  to.guard = guard;
  replies::ReplyingOptions options;
  options.reply = args.reply;
  options.confirm_as = args.confirm_as;
  options.notice = [&report](std::string_view text) { report.note(text); };
  destination.replying = std::make_unique<replies::ReplyingSink>(
      std::move(destination.handler), ends::open_sink(url, to), std::move(options));
  return destination;
}

Sink& ListenDestination::end() const {
  if (ledger) return *ledger;
  if (replying) return *replying;
  return *handler;
}

// Handlers take their time, other listeners shall have the rest of the queue, and the broker takes back what
// waits here for too long (consumer_timeout): so as many messages as can be begun. For a coprocess enough to
// keep it busy.
std::uint16_t prefetch_of(const ListenOptions& args) {
  if (args.prefetch != 0) return args.prefetch;
  if (!args.coprocess.empty()) return kCoprocessPrefetch;
  return args.exec.empty() ? kPrefetch : args.jobs;
}

// A coprocess has begun what it was given, and only it knows how much of that it does at once.
std::uint16_t at_once_of(const ListenOptions& args) {
  return args.exec.empty() ? 1 : args.jobs;
}

std::chrono::milliseconds longest_call(const ListenOptions& args) {
  if (!args.has_handler()) return kConnectTime;
  const auto job = job_timeout_of(args);
  return std::max<std::chrono::milliseconds>(kConnectTime, job.count() != 0 ? job : kLongCommand);
}

}  // namespace iso::cli
