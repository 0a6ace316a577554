#include "store/ledger.h"

#include <map>
#include <set>
#include <utility>

#include "base/error.h"
#include "store/rows.h"

namespace iso::store {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kTryAgain{10};  // while another process has the store

// What the ledger says of messages that several answers may be for.
using Known = std::map<std::string, std::vector<LedgerRow>, std::less<>>;

// Of the messages that an answer may be for, oldest first: the one that this very answer was counted for
// before; else the oldest that its application has not answered, or not in this way.
const std::string& answered_of(const std::vector<std::string>& messages, const Confirmation& answer,
                               const Known& known) {
  const std::string *unanswered = nullptr, *otherwise = nullptr;
  for (const std::string& message : messages) {
    bool any = false, same_kind = false;
    for (const LedgerRow& row : known.at(message)) {
      if (row.application != answer.application) continue;
      any = true;
      if (row.kind != name_of(answer.kind)) continue;
      same_kind = true;
      if (answer.reply_id && row.reply_id == answer.reply_id) return message;
    }
    if (!any && !unanswered) unanswered = &message;
    if (!same_kind && !otherwise) otherwise = &message;
  }
  if (unanswered) return *unanswered;
  return otherwise ? *otherwise : messages.front();
}

// Of those messages that have a rival: each has its place, also if nothing is known of it.
Known known_of(Ledger& ledger, const std::vector<std::vector<std::string>>& messages) {
  Known known;
  for (const auto& rivals : messages)
    if (rivals.size() > 1)
      for (const auto& message : rivals) known[message];
  std::vector<std::string_view> ids;
  for (const auto& [message, rows] : known) ids.push_back(message);
  for (auto& row : ledger.answers(ids)) known[row.message_id].push_back(std::move(row));
  return known;
}

}  // namespace

LedgerSink::LedgerSink(const Url& store, milliseconds timeout)
    : LedgerSink(open_store(store, Access::create, timeout).engine) {}

LedgerSink::LedgerSink(std::unique_ptr<StoreEngine> engine) : engine_(std::move(engine)), locked_(*engine_) {
  engine_->prepare_ledger();
}

void LedgerSink::put(Ticket ticket, const Record& record) {
  try {
    waiting_.push_back({ticket, record.queue, read_confirmation(record)});
  } catch (const Error& error) {
    known_.push_back({ticket, DeliveryStatus::rejected, 0, error.what()});
  }
}

void LedgerSink::flush() {
  if (waiting_.empty()) return;
  std::vector<bool> added;
  const auto store = [&] {
    engine_->write_ledger([&](Ledger& ledger) { added = ledger.add(rows(ledger)); });
    for (const Waiting& waiting : waiting_)
      known_.push_back({waiting.ticket, DeliveryStatus::confirmed, 0, {}});
    waiting_.clear();
    for (const bool is_new : added) ++(is_new ? tally_.stored : tally_.known);
    engine_->tidy();
  };
  locked_.run(store);
}

std::vector<LedgerRow> LedgerSink::rows(Ledger& ledger) const {
  const auto messages = correlated(ledger);
  Known known = known_of(ledger, messages);
  std::vector<LedgerRow> rows;
  for (std::size_t i = 0; i < waiting_.size(); ++i) {
    const Confirmation& answer = waiting_[i].answer;
    LedgerRow row{{}, answer.application, std::string(name_of(answer.kind)), answer.reply_id, answer.detail};
    if (messages[i].size() > 1) {
      row.message_id = answered_of(messages[i], answer, known);
    } else if (!messages[i].empty()) {
      row.message_id = messages[i].front();
    } else {
      row.message_id = answer.message_id ? *answer.message_id : *answer.correlation_id;
    }
    if (const auto rival = known.find(row.message_id); rival != known.end()) rival->second.push_back(row);
    rows.push_back(std::move(row));
  }
  return rows;
}

// For each that waits the ids of the messages that have its correlation_id, oldest first; none if it names
// its message. On a store the answers lie in a queue themselves, with the same correlation_id: that queue
// does not count.
std::vector<std::vector<std::string>> LedgerSink::correlated(Ledger& ledger) const {
  std::vector<Ledger::Question> questions;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < waiting_.size(); ++i) {
    const auto& [ticket, queue, answer] = waiting_[i];
    if (answer.message_id) continue;
    questions.push_back(
        {*answer.correlation_id, queue ? std::optional<std::string_view>(*queue) : std::nullopt});
    places.push_back(i);
  }
  std::vector<std::vector<std::string>> messages(waiting_.size());
  ledger.correlated(questions, [&](std::size_t question, const StoredRow& row) {
    messages[places[question]].push_back(row.message_id ? std::string(*row.message_id)
                                                        : relayed_id(engine_->id(), row));
  });
  return messages;
}

void LedgerSink::results(std::vector<DeliveryResult>& out) {
  move_append(known_, out);
}

Wait LedgerSink::wait() const {
  return Wait(locked_.duration() ? kTryAgain : milliseconds{0});
}

bool LedgerReader::changed() {
  const auto version = engine_->version();
  return std::exchange(seen_, version) != version;
}

LedgerReader::Standing LedgerReader::standing(std::string_view message_id, std::string_view application) {
  Standing standing;
  for (const LedgerRow& row : engine_->answers_of(message_id)) {
    if (row.application != application) continue;
    if (row.kind == name_of(AckKind::handled)) return {Standing::handled, {}};
    if (row.kind == name_of(AckKind::rejected)) standing = {Standing::rejected, row.detail.value_or("")};
  }
  return standing;
}

}  // namespace iso::store
