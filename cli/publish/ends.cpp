#include "cli/publish/ends.h"

#include <algorithm>
#include <fmt/core.h>
#include <string>
#include <unistd.h>
#include <vector>

#include "base/error.h"
#include "base/integer.h"
#include "cli/shared/state_option.h"
#include "cli/shared/waiting.h"
#include "ends/open.h"
#include "ends/pacing_source.h"
#include "ends/stream.h"
#include "record/scan.h"

namespace iso::cli {
namespace {

constexpr std::chrono::seconds kStallTimeout{30};

void set_end_options(EndOptions& options, const PublishOptions& args, const CircuitOptions& guard,
                     std::string name, Report& report) {
  options.guard = guard;
  options.name = std::move(name);
  options.outage = stall_timeout_of(args);
  options.timeout = try_time(timeout_of(args.common, kStallTimeout), args.wait);
  options.max_message = args.max_message;
  options.notice = [&report](std::string_view text) { report.note(text); };
}

SinkOptions sink_options(const PublishOptions& args, const Url& url, const CircuitOptions& guard,
                         const Record& defaults, Report& report) {
  SinkOptions options;
  const auto exchange = defaults.exchange.value_or("");
  set_end_options(options, args, guard,
                  "iso publish " + (exchange.empty() ? defaults.routing_key.value_or("") : exchange), report);
  options.direct_name = defaults.direct_name.value_or("");
  options.queue = defaults.queue.value_or("");
  options.queue_arguments = defaults.queue_arguments.value_or(FieldTable());
  options.exchange = exchange;
  options.routing_key = defaults.routing_key.value_or("");
  options.into = url.fragment;
  options.refused_for = std::min(options.refused_for, options.timeout / 2);  // so that it is told as such
  return options;
}

// Where --from points: a queue, or a file of records.
std::unique_ptr<Source> open_from(const PublishOptions& args, const Url& from, const CircuitOptions& guard,
                                  Report& report) {
  SourceOptions options;
  set_end_options(options, args, guard, "iso publish --from " + from.fragment, report);
  options.queue = from.fragment;
  if (options.queue.empty())
    throw Error(ErrorKind::usage,
                fmt::format("--from {}: which queue? say {}#QUEUE", redacted(from), redacted(from)));
  options.peek = args.dry_run;
  options.relay = true;
  options.only_present = !args.follow;
  options.max_attempts = args.max_attempts;
  options.count = args.count;
  options.prefetch = static_cast<std::uint16_t>(args.window);
  if (!args.state.empty()) return args.where.pick_looked_at(open_state(args.state, from, options));
  args.where.prepare(options);
  return args.where.pick(ends::open_source(from, options), from, options, args.window, report);
}

ends::Input file_input(const std::string& path) {
  if (path == "-") return {standard_input(), ""};
  return {open_to_poll(path), path};
}

std::unique_ptr<Source> open_input(const PublishOptions& args, const Session& session, Report& report) {
  if (args.body) {
    if (args.framing == Framing::json && !is_json(*args.body))
      throw Error(ErrorKind::usage,
                  fmt::format("--body {}: not JSON; quote it, or say --in whole for text", *args.body));
    if (args.framing == Framing::records || args.framing == Framing::lines)
      throw Error(ErrorKind::usage, "--body is one body: it goes with --in json or --in whole");
    Record record;
    record.body = *args.body;
    record.body_kind = body_kind_of(*args.body);
    return ends::repeat_source(std::move(record), args.count == 0 ? 1 : args.count);
  }
  std::vector<ends::Input> inputs;
  for (const auto& file : args.files) inputs.push_back(file_input(file));
  if (inputs.empty()) {
    if (session.environment.is_terminal(STDIN_FILENO))
      report.note("reading messages from the terminal; end with Ctrl-D");
    inputs.push_back({standard_input(), ""});
  }
  return ends::open_stream_source(std::move(inputs), args.framing);
}

Url url_of(const PublishOptions& args, const Session& session) {
  Url url = resolve_url(args.common, session.environment);
  if (!url.fragment.empty() && !ends::is_store(url))
    throw Error(ErrorKind::usage, fmt::format("{}: a broker routes what is published; say --routing-key {}",
                                              redacted(url), url.fragment));
  return url;
}

// Replies come to the queue that is given, or else to a place of ours that ends with us.
std::unique_ptr<replies::RequestSink> open_requests(const PublishOptions& args, Url url,
                                                    const CircuitOptions& guard, const Record& defaults,
                                                    Receipts& receipts, Report& report) {
  SinkOptions to = sink_options(args, url, guard, defaults, report);
  const std::string queue = defaults.reply_to.value_or("");
  std::unique_ptr<Source> replies;
  if (queue.empty() && ends::traits_of(url).direct_replies) {
    to.direct_replies = true;
  } else {
    SourceOptions from;
    set_end_options(from, args, guard, "iso publish (replies)", report);
    from.queue = queue;
    from.declare = true;
    from.prefetch = UINT16_MAX;  // what is not for us fills it
    if (queue.empty()) from.notice = [](std::string_view) {};
    url.fragment.clear();
    replies = ends::open_source(url, from);
  }
  replies::RequestOptions options;
  options.replies = read_integer<std::uint32_t>(args.await_replies).value_or(0);  // "true": all
  options.time = timeout_of(args.common, kStallTimeout);
  options.on_reply = [&receipts](const Record& reply) { receipts.add_reply(reply); };
  return std::make_unique<replies::RequestSink>(ends::open_sink(url, to), std::move(replies),
                                                std::move(options));
}

PublishOrigin open_unpaced(const PublishOptions& args, const Session& session, const CircuitOptions& guard,
                           Report& report) {
  const Incoming framed = args.framing == Framing::records ? Incoming::records : Incoming::bodies;
  if (args.from.empty()) return {open_input(args, session, report), framed};
  const Url from = parse_url(args.from);
  if (from.scheme != "file") return {open_from(args, from, guard, report), Incoming::messages};
  if (args.follow)
    throw Error(ErrorKind::usage, "--follow needs a queue to follow: --from sqlite:PATH#QUEUE");
  std::vector<ends::Input> inputs;
  inputs.push_back(file_input(from.path));
  return {args.where.pick_looked_at(ends::open_stream_source(std::move(inputs), Framing::records)),
          Incoming::records};
}

}  // namespace

std::chrono::milliseconds stall_timeout_of(const PublishOptions& args) {
  return timeout_of(args.common, args.follow ? std::chrono::milliseconds{0} : kStallTimeout);
}

PublishOrigin open_origin(const PublishOptions& args, const Session& session, const CircuitOptions& guard,
                          Report& report) {
  PublishOrigin origin = open_unpaced(args, session, guard, report);
  if (!args.pace.empty()) origin.source = ends::pacing_source(std::move(origin.source), args.speed());
  return origin;
}

PublishDestination open_destination(const PublishOptions& args, const Session& session,
                                    const CircuitOptions& guard, const Record& defaults, Receipts& receipts,
                                    Report& report) {
  const Url url = url_of(args, session);
  if (args.dry_run)
    return {ends::open_stream_sink(standard_output(), "standard output", ends::StreamFormat::records,
                                   ends::ConfirmOnce::written),
            nullptr};
  if (args.await_replies.empty())
    return {ends::open_sink(url, sink_options(args, url, guard, defaults, report)), nullptr};
  return {nullptr, open_requests(args, url, guard, defaults, receipts, report)};
}

}  // namespace iso::cli
