#include "store/view.h"

#include <algorithm>
#include <array>
#include <fmt/core.h>

#include "base/error.h"
#include "base/text.h"
#include "store/rows.h"

namespace iso::store {
namespace {

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

std::string StoreView::queue_of(const Url& url) {
  if (!url.fragment.empty() && reader_->has_queue(url.fragment)) return url.fragment;
  const auto names = reader_->queues();
  if (!url.fragment.empty())
    throw Error(ErrorKind::missing, fmt::format("no queue \"{}\" in {}; there are {}", url.fragment,
                                                reader_->name(), names.empty() ? "none" : join(names, ", ")));
  if (names.empty()) throw Error(ErrorKind::missing, fmt::format("no queue in {}", reader_->name()));
  if (names.size() > 1)
    throw Error(ErrorKind::usage, fmt::format("{}: which queue? say {}#QUEUE; there are {}", redacted(url),
                                              redacted(url), join(names, ", ")));
  return names.front();
}

StoreView::Row StoreView::row_of(const StoredRow& row, std::string_view queue, Body how) const {
  Row one{row.seq, row.state, row.created_ms, {}, {}, row.body, row.last_error.value_or("")};
  one.error = (how == Body::read ? read_row : read_row_without_body)(row, queue, one.record);
  forget_delivery(one.record);
  if (!one.record.message_id && !reader_->id().empty())
    one.record.message_id = relayed_id(reader_->id(), row);
  return one;
}

std::int64_t StoreView::page(std::string_view queue, std::int64_t after, std::int64_t up_to,
                             const EachRow& each, Body how) {
  return reader_->page(queue, after, up_to,
                       [&](const StoredRow& row) { return each(row_of(row, queue, how)); });
}

void StoreView::row(std::string_view queue, std::int64_t seq, const EachRow& each) {
  reader_->row(queue, seq, [&](const StoredRow& row) { return each(row_of(row, queue, Body::read)); });
}

bool StoreView::ledger_page(std::optional<std::string>& after, const EachMessage& each) {
  const auto start = after;
  Answers answers;
  bool any = false, more = false;
  const auto give = [&] {
    after = answers.message_id;
    return each(answers);
  };
  reader_->ledger(start ? &*start : nullptr, [&](const StoreReader::AnswerRow& row) {
    if (any && row.message_id != answers.message_id) {
      more = !give();
      answers = {};
    }
    if (more) return false;
    any = true;
    answers.message_id = row.message_id;
    add_answer(answers, row.application, row.kind);
    answers.last_ms = std::max(answers.last_ms, row.at_ms);
    return true;
  });
  if (any && !more) give();
  return more;
}

}  // namespace iso::store
