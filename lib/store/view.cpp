#include "store/view.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fmt/core.h>

#include "base/error.h"
#include "base/text.h"
#include "base/url_options.h"
#include "store/file.h"
#include "store/rows.h"

namespace iso::store {
namespace {

constexpr std::int64_t kSeqsPerPage = 100'000;  // also of other queues: they take time too

const std::string& existing(const Url& url) {
  check_options(url);
  std::error_code error;
  if (!std::filesystem::exists(url.path, error) && !error)
    throw Error(ErrorKind::missing, fmt::format("there is no store {}", url.path));
  return url.path;
}

// What an inbox was told of how a message came to it.
void forget_delivery(Record& record) {
  record.queue.reset();
  record.redelivered.reset();
  record.delivery_count.reset();
  record.received_at.reset();
}

// Of the kinds of answers, each outweighs those before it: who failed first has done it since, who failed
// later did it twice.
constexpr std::array<std::string_view, 4> kKinds{"reply", "stored", "rejected", "handled"};

bool outweighs(std::string_view one, std::string_view other) {
  return std::find(kKinds.begin(), kKinds.end(), one) > std::find(kKinds.begin(), kKinds.end(), other);
}

void add_answer(StoreView::Answers& answers, std::string_view application, std::string_view kind) {
  auto& known = answers.by_application;
  if (known.empty() || known.back().first != application) {
    known.emplace_back(application, kind);
  } else if (outweighs(kind, known.back().second)) {
    known.back().second = kind;
  }
}

}  // namespace

StoreView::StoreView(const Url& url) : database_(existing(url), sqlite::Database::Open::look) {
  database_.distrust_schema();
  // Who closes a database last moves what is in its log into the file. The log of someone who died is not
  // ours to move.
  if (database_.log_bytes() != 0) database_.keep_log();
  check_store(database_);
  store_version(database_);
  auto row = database_.query("SELECT value FROM iso_meta WHERE name = 'store_id'");
  if (row.step()) store_id_ = row.text(0);
}

// An application may insert messages for a queue that nobody made; those wait to be taken.
std::vector<std::string> StoreView::queues() {
  std::vector<std::string> names;
  auto row = database_.query(
      "SELECT name FROM iso_queues WHERE owner = 0 UNION SELECT queue FROM iso_messages WHERE state = 0 AND "
      "queue NOT IN (SELECT name FROM iso_queues) ORDER BY 1");
  while (row.step()) names.emplace_back(row.text(0));
  return names;
}

std::string StoreView::queue_of(const Url& url) {
  const std::string& path = database_.path();
  if (!url.fragment.empty()) {
    auto row = database_.query(
        "SELECT 1 FROM iso_queues WHERE name = ?1 UNION ALL SELECT 1 FROM iso_messages WHERE queue = ?1 AND "
        "state = 0 LIMIT 1");
    if (row.bind(url.fragment).step()) return url.fragment;
  }
  const auto names = queues();
  if (!url.fragment.empty())
    throw Error(ErrorKind::missing, fmt::format("no queue \"{}\" in {}; there are {}", url.fragment, path,
                                                names.empty() ? "none" : join(names, ", ")));
  if (names.empty()) throw Error(ErrorKind::missing, fmt::format("no queue in {}", path));
  if (names.size() > 1)
    throw Error(ErrorKind::usage, fmt::format("{}: which queue? say {}#QUEUE; there are {}", redacted(url),
                                              redacted(url), join(names, ", ")));
  return names.front();
}

std::int64_t StoreView::first_seq() {
  return database_.integer("SELECT coalesce(min(seq), 0) FROM iso_messages");
}

std::int64_t StoreView::last_seq() {
  return database_.integer("SELECT coalesce(max(seq), 0) FROM iso_messages");
}

StoreView::Row StoreView::row_of(const sqlite::Query& row, std::string_view queue, Body how) const {
  Row one;
  StoredMessage message;
  one.error = (how == Body::read ? read_row : read_row_without_body)(row, queue, message);
  one.seq = message.seq;
  one.state = static_cast<MessageState>(row.integer(kMessageColumns));
  one.created_ms = row.integer(kMessageColumns - 1);
  one.body = body_of_row(row);
  one.record = std::move(message.record);
  forget_delivery(one.record);
  if (!one.record.message_id && !store_id_.empty()) one.record.message_id = relayed_id(store_id_, row);
  return one;
}

std::int64_t StoreView::page(std::string_view queue, std::int64_t after, std::int64_t up_to,
                             const EachRow& each, Body how) {
  static const std::string kSql = fmt::format(
      "SELECT {}, state FROM iso_messages WHERE queue = ? AND seq > ? AND seq <= ? "
      "ORDER BY seq",
      kMessage);
  auto next = database_.query("SELECT min(seq) FROM iso_messages WHERE seq > ? AND seq <= ?");
  if (!next.bind(after).bind(up_to).step() || next.is_null(0)) return up_to;
  const auto first = next.integer(0), last = up_to - first < kSeqsPerPage ? up_to : first + kSeqsPerPage - 1;
  auto row = database_.query(kSql);
  row.bind(queue).bind(after).bind(last);
  while (row.step())
    if (const Row one = row_of(row, queue, how); !each(one)) return one.seq;
  return last;
}

void StoreView::row(std::string_view queue, std::int64_t seq, const EachRow& each) {
  static const std::string kSql =
      fmt::format("SELECT {}, state FROM iso_messages WHERE seq = ? AND queue = ?", kMessage);
  auto row = database_.query(kSql);
  if (row.bind(seq).bind(queue).step()) each(row_of(row, queue, Body::read));
}

bool StoreView::has_rows(std::string_view queue, std::int64_t after) {
  auto row = database_.query("SELECT 1 FROM iso_messages WHERE queue = ? AND seq > ? LIMIT 1");
  return row.bind(queue).bind(after).step();
}

bool StoreView::ledger_page(std::optional<std::string>& after, const EachMessage& each) {
  constexpr std::string_view kFirst =
      "SELECT message_id, application, kind, at_ms FROM iso_acks ORDER BY message_id, application";
  constexpr std::string_view kNext =
      "SELECT message_id, application, kind, at_ms FROM iso_acks WHERE message_id > ? ORDER BY message_id, "
      "application";
  const auto start = after;  // it must outlive the query
  auto row = database_.query(start ? kNext : kFirst);
  if (start) row.bind(*start);
  Answers answers;
  bool any = false;
  const auto give = [&] {
    after = answers.message_id;
    return each(answers);
  };
  while (row.step()) {
    if (any && row.text(0) != answers.message_id) {
      if (!give()) return true;
      answers = {};
    }
    any = true;
    answers.message_id = row.text(0);
    add_answer(answers, row.text(1), row.text(2));
    answers.last_ms = std::max(answers.last_ms, row.integer(3));
  }
  if (any) give();
  return false;
}

std::int64_t StoreView::pruned_up_to(std::string_view queue) {
  return store::pruned_up_to(database_, queue);
}

std::int64_t StoreView::version() {
  return database_.integer("PRAGMA data_version");
}

}  // namespace iso::store
