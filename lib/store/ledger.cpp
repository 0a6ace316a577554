#include "store/ledger.h"

#include <fmt/core.h>
#include <utility>

#include "base/clock.h"
#include "base/error.h"
#include "store/rows.h"

namespace iso::store {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kTryAgain{10};  // while another process has the store

// Only a store that is a ledger pays for it.
constexpr std::string_view kIndex =
    "CREATE INDEX IF NOT EXISTS iso_messages_correlation ON iso_messages(correlation_id) "
    "WHERE correlation_id IS NOT NULL";

}  // namespace

LedgerSink::LedgerSink(const Url& store, milliseconds timeout)
    : file_(store, Access::create, timeout), store_id_(file_.id()), locked_(file_.database()) {
  file_.database().execute(kIndex);
}

void LedgerSink::put(Ticket ticket, const Record& record) {
  try {
    waiting_.push_back({ticket, record.queue, read_confirmation(record)});
  } catch (const Error& error) {
    known_.push_back({ticket, DeliveryStatus::rejected, 0, error.what()});
  }
}

void LedgerSink::flush() {
  if (!waiting_.empty()) locked_.run([this] { store_waiting(); });
}

// What is acknowledged after this must be on the disk: a store syncs its commits unless it is told otherwise.
void LedgerSink::store_waiting() {
  const auto now = system_clock().wall().time_since_epoch().count();
  LedgerTally came;
  sqlite::Transaction transaction(file_.database());
  for (const Waiting& waiting : waiting_) ++(store(waiting, now) ? came.stored : came.known);
  transaction.commit();
  for (const Waiting& waiting : waiting_)
    known_.push_back({waiting.ticket, DeliveryStatus::confirmed, 0, {}});
  waiting_.clear();
  tally_.stored += came.stored;
  tally_.known += came.known;
  file_.tidy();
}

// False if it is there already.
bool LedgerSink::store(const Waiting& waiting, std::int64_t now) {
  const Confirmation& answer = waiting.answer;
  const std::string message = message_of(waiting);
  auto& database = file_.database();
  database
      .query(
          "INSERT INTO iso_acks(message_id, application, kind, at_ms, reply_id, detail) "
          "VALUES(?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING")
      .bind(message)
      .bind(answer.application)
      .bind(name_of(answer.kind))
      .bind(now)
      .bind(answer.reply_id)
      .bind(answer.detail)
      .run();
  if (database.changes() != 0) return true;
  if (!database.query("SELECT 1 FROM iso_acks WHERE message_id = ? AND application = ? AND kind = ?")
           .bind(message)
           .bind(answer.application)
           .bind(name_of(answer.kind))
           .step())
    file_.must_have_changed("storing an answer");
  return false;
}

std::string LedgerSink::message_of(const Waiting& waiting) {
  if (waiting.answer.message_id) return *waiting.answer.message_id;
  const auto messages = correlated(waiting);
  if (messages.empty()) return *waiting.answer.correlation_id;
  return messages.size() == 1 ? messages.front() : answered_of(messages, waiting.answer);
}

// The ids of the messages that have the answer's correlation_id, oldest first. On a store the answers lie in
// a queue themselves, with the same correlation_id: that queue does not count. A message in several queues
// has a row in each.
std::vector<std::string> LedgerSink::correlated(const Waiting& waiting) {
  std::vector<std::string> messages;
  static const std::string kSql = fmt::format(
      "SELECT {} FROM iso_messages WHERE seq IN (SELECT min(seq) FROM iso_messages WHERE correlation_id = ? "
      "AND "
      "queue IS NOT ? GROUP BY coalesce(message_id, seq)) ORDER BY seq",
      kMessage);
  auto row = file_.database().query(kSql);
  row.bind(waiting.answer.correlation_id).bind(waiting.queue);
  while (row.step())
    messages.push_back(row.is_null(3) ? relayed_id(store_id_, row) : std::string(row.text(3)));
  return messages;
}

// The one that this very answer was counted for before; else the oldest that its application has not
// answered, or not in this way.
std::string LedgerSink::answered_of(const std::vector<std::string>& messages, const Confirmation& answer) {
  const std::string *unanswered = nullptr, *otherwise = nullptr;
  for (const std::string& message : messages) {
    bool any = false, same_kind = false;
    auto row = file_.database().query(
        "SELECT kind, reply_id FROM iso_acks WHERE message_id = ? AND application = ?");
    row.bind(message).bind(answer.application);
    while (row.step()) {
      any = true;
      if (row.text(0) != name_of(answer.kind)) continue;
      same_kind = true;
      if (answer.reply_id && row.text(1) == *answer.reply_id) return message;
    }
    if (!any && !unanswered) unanswered = &message;
    if (!same_kind && !otherwise) otherwise = &message;
  }
  if (unanswered) return *unanswered;
  return otherwise ? *otherwise : messages.front();
}

void LedgerSink::results(std::vector<DeliveryResult>& out) {
  move_append(known_, out);
}

Wait LedgerSink::wait() const {
  return Wait(locked_.duration() ? kTryAgain : milliseconds{0});
}

bool LedgerReader::changed() {
  const auto version = file_.database().integer("PRAGMA data_version");
  return std::exchange(seen_, version) != version;
}

LedgerReader::Standing LedgerReader::standing(std::string_view message_id, std::string_view application) {
  Standing standing;
  auto row = file_.database().query(
      "SELECT kind = 'handled', detail FROM iso_acks "
      "WHERE message_id = ? AND application = ? AND kind IN ('handled', 'rejected')");
  row.bind(message_id).bind(application);
  while (row.step()) {
    if (row.integer(0) != 0) return {Standing::handled, {}};
    standing = {Standing::rejected, std::string(row.text(1))};
  }
  return standing;
}

}  // namespace iso::store
