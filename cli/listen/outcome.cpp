#include "cli/listen/outcome.h"

#include <fmt/core.h>

#include "base/error.h"
#include "cli/shared/ending.h"

namespace iso::cli {
namespace {

std::string_view reason(StopReason stop) {
  switch (stop) {
    case StopReason::ended:
      return "there were no more";
    case StopReason::counted:
      return "all that were asked for came";
    case StopReason::idle:
      return "no message came for the time of --idle";
    case StopReason::timed_out:
      return "the time of --timeout was up";
    case StopReason::drained:
      return "the queue is empty";
    case StopReason::interrupted:
      return "interrupted";
    case StopReason::closed:
      return "the reader of standard output has gone";
    case StopReason::bad_input:
      return "bad data came";
    case StopReason::failed:
      return "it failed";
  }
  return "";
}

void add_details(const ListenOptions& args, const ListenCounts& counts, Report& report) {
  const auto& [tally, inbox, answers, ledger] = counts;
  report.detail(fmt::format("{} {}: {}", tally.confirmed, args.has_handler() ? "handled" : "written",
                            reason(tally.stop)));
  if (!args.acks.empty())
    report.detail(fmt::format("{} stored in the ledger, {} were there already", ledger.stored, ledger.known));
  if (!args.inbox.empty())
    report.detail(fmt::format("{} stored in the inbox, {} duplicates, {} conflicts", inbox.stored,
                              inbox.duplicates, inbox.conflicts));
  if (answers.sent + answers.undelivered != 0)
    report.detail(fmt::format("{} answers sent, {} returned", answers.sent, answers.undelivered));
}

// Each is told.
bool has_failures(const ListenOptions& args, const ListenCounts& counts, bool on_broker, Report& report) {
  const auto& [tally, inbox, answers, ledger] = counts;
  if (tally.rejected != 0) {
    report.error(fmt::format("{} messages were rejected {}: {}", tally.rejected,
                             !args.acks.empty()   ? "as no confirmations"
                             : args.has_handler() ? "by their handler"
                                                  : "since they cannot be read",
                             on_broker
                                 ? "the broker deletes them, or moves them to the dead-letter exchange if "
                                   "the queue has one"
                                 : "the store keeps them as dead"));
    return true;
  }
  if (answers.undelivered != 0)
    report.error(fmt::format("{} answers were returned: nobody took them", answers.undelivered));
  if (inbox.conflicts != 0)
    report.error(fmt::format("{} messages are in conflict with others of the same key", inbox.conflicts));
  return answers.undelivered + inbox.conflicts != 0;
}

void throw_if_unsettled(const PumpSummary& tally) {
  if (tally.settled) return;
  throw Error(ErrorKind::unconfirmed,
              fmt::format("{}, and the connection was lost before the broker had the last acknowledgements: "
                          "those messages may come again",
                          reason(tally.stop)));
}

}  // namespace

Outcome listen_outcome(const ListenOptions& args, const ListenCounts& counts, bool on_broker, int signal,
                       Report& report) {
  const auto& [tally, inbox, answers, ledger] = counts;
  if (tally.error) throw Error(*tally.error);
  add_details(args, counts, report);
  if (signal != 0) {
    if (tally.gave_up)
      report.note(fmt::format("interrupted, and {} messages were not done {} later; they come again",
                              tally.unconfirmed, args.grace));
    return interrupted_by(signal);
  }
  if (tally.stop == StopReason::closed) {
    if (!args.has_handler())
      report.note(fmt::format("the reader of standard output has gone: {} messages were handed over",
                              tally.confirmed));
    throw_if_unsettled(tally);
    return Outcome::done;
  }
  if (tally.gave_up)
    throw Error(ErrorKind::unconfirmed,
                fmt::format("{}, and {} messages were not done {} later; they come again", reason(tally.stop),
                            tally.unconfirmed, args.grace));
  if (!tally.away.empty() && tally.stop != StopReason::counted)
    throw Error(ErrorKind::unavailable,
                fmt::format("{}, and the broker was away: {}", reason(tally.stop), tally.away));
  throw_if_unsettled(tally);
  if (!tally.why_none.empty() && tally.stop == StopReason::timed_out)
    throw Error(ErrorKind::unavailable, fmt::format("{}, and {}", reason(tally.stop), tally.why_none));
  if (tally.bad_input + inbox.unreadable != 0) return Outcome::bad_data;
  if (has_failures(args, counts, on_broker, report)) return Outcome::no;
  if (const auto handled = tally.confirmed - tally.stale; args.count != 0 && handled < args.count) {
    const bool came = tally.again == 0;
    report.error(fmt::format("{} of {} messages {}: {}", handled, args.count, came ? "came" : "were handled",
                             came ? reason(tally.stop) : "the others come again"));
    return Outcome::no;
  }
  return Outcome::done;
}

}  // namespace iso::cli
