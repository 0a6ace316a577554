#include "cli/publish/await_acks.h"

#include <fmt/core.h>

#include "base/duration.h"
#include "base/error.h"
#include "base/text.h"
#include "base/wait.h"
#include "cli/shared/ending.h"
#include "ends/open.h"

namespace iso::cli {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLook{20};  // between two looks whether anyone wrote to the store

std::vector<std::string> split_names(const std::string& text) {
  std::vector<std::string> names;
  for (std::size_t start = 0; start <= text.size();) {
    const auto comma = std::min(text.find(',', start), text.size());
    names.push_back(text.substr(start, comma - start));
    if (names.back().empty())
      throw Error(ErrorKind::usage, fmt::format("--await-acks {}: say APP, or APP,APP", text));
    start = comma + 1;
  }
  return names;
}

}  // namespace

AwaitAcks::AwaitAcks(const std::string& applications, const std::string& from, milliseconds at_most)
    : store_(parse_url(from)),
      applications_(split_names(applications)),
      at_most_(at_most),
      confirmed_at_(system_clock().steady()) {
  if (!ends::is_store(store_))
    throw Error(ErrorKind::usage, "--await-acks needs the ledger of a store: --from sqlite:PATH#QUEUE");
}

void AwaitAcks::operator()(const Delivery& taken, const DeliveryResult& result) {
  if (taken.bad_input || result.status != DeliveryStatus::confirmed || !taken.record.message_id) return;
  messages_.push_back(*taken.record.message_id);
  confirmed_at_ = system_clock().steady();
}

Outcome AwaitAcks::wait(const std::atomic<int>& interrupted, Report& report) const {
  if (messages_.empty()) return Outcome::done;
  store::LedgerReader ledger(store_);
  std::size_t answered = 0;
  for (;;) {
    if (ledger.changed() && all_answered(ledger, answered)) break;
    if (const int signal = interrupted.load()) {
      report.note("interrupted while messages were not handled yet");
      return interrupted_by(signal);
    }
    const auto waited = system_clock().steady() - confirmed_at_;
    if (at_most_.count() != 0 && waited >= at_most_) break;
    wait_for(Wait(kLook), kLook);
  }
  return ending(ledger, report);
}

// Looks no further than the first that is open, `answered` having been answered before: so a look costs no
// more than what came.
bool AwaitAcks::all_answered(store::LedgerReader& ledger, std::size_t& answered) const {
  const auto count = applications_.size();
  for (; answered < messages_.size() * count; ++answered)
    if (ledger.standing(messages_[answered / count], applications_[answered % count]).state ==
        store::LedgerReader::Standing::open)
      return false;
  return true;
}

Outcome AwaitAcks::ending(store::LedgerReader& ledger, Report& report) const {
  FirstFew rejected(report), open(report);
  for (const auto& message : messages_) {
    std::vector<std::string_view> missing;
    for (const auto& application : applications_) {
      const auto standing = ledger.standing(message, application);
      if (standing.state == store::LedgerReader::Standing::open) missing.push_back(application);
      if (standing.state == store::LedgerReader::Standing::rejected)
        rejected.add(fmt::format("rejected: message {} by {}: {}", message, application, standing.why));
    }
    if (!missing.empty())
      open.add(fmt::format("open: message {} was not handled by {}", message, join(missing, ", ")));
  }
  const auto rejections = rejected.finish("were rejected"), opens = open.finish("are open");
  const std::string names = join(applications_, ", ");
  if (opens != 0)
    throw Error(ErrorKind::unconfirmed,
                fmt::format("{} of {} messages were not handled by {}{} within {}", opens, messages_.size(),
                            applications_.size() == 1 ? "" : "all of ", names, duration_text(at_most_)));
  report.detail(
      fmt::format("{} messages answered by {}, {} rejections", messages_.size(), names, rejections));
  return rejections == 0 ? Outcome::done : Outcome::no;
}

}  // namespace iso::cli
