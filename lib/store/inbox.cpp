#include "store/inbox.h"

#include <algorithm>
#include <fmt/core.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/hash.h"
#include "store/rows.h"

namespace iso::store {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kPollInterval{250};  // for what another process leaves when it dies

SourceOptions made_if_missing(SourceOptions options) {
  options.declare = true;
  return options;
}

}  // namespace

Inbox::Inbox(std::unique_ptr<Source> feed, const Url& store, const SourceOptions& options,
             std::optional<Pointer> key)
    : feed_(std::move(feed)),
      stored_(store, made_if_missing(options)),
      rule_(std::move(key)),
      notice_(options.notice) {
  make_inbox(stored_.file(), stored_.queue(), rule_);
}

SourceState Inbox::take(std::size_t most, std::vector<Delivery>& out) {
  const std::size_t before = out.size();
  const auto room = [&] { return most - (out.size() - before); };
  stored_.take(room(), out);
  if (room() != 0 && stage(room())) stored_.take(room(), out);
  if (out.size() != before) return SourceState::ready;
  return feed_ended_ && batch_.empty() ? SourceState::ended : SourceState::idle;
}

// Takes from the feed, stores, and acknowledges. True if there is something to hand on.
bool Inbox::stage(std::size_t most) {
  if (batch_.empty()) feed_ended_ = feed_->take(most, batch_) == SourceState::ended;
  if (batch_.empty()) return false;
  InboxTally came;
  if (!stored_.unless_locked([&] { store(came); })) return false;
  for (const Delivery& taken : batch_)
    feed_->settle(taken.ticket, taken.bad_input ? Disposition::dead_letter : Disposition::ack,
                  taken.bad_input ? taken.bad_input->why : std::string());
  feed_->flush();
  for (const Delivery& taken : batch_) {
    if (!taken.bad_input) continue;
    ++tally_.unreadable;
    notice_(unreadable_text(taken));
  }
  batch_.clear();
  tally_.stored += came.stored;
  tally_.duplicates += came.duplicates;
  tally_.conflicts += came.conflicts;
  stored_.poll_now();
  return came.stored != 0;
}

// What is acknowledged after this must be on the disk.
void Inbox::store(InboxTally& came) {
  came = {};
  StoreFile& file = stored_.file();
  const auto now = system_clock().wall().time_since_epoch().count();
  file.sync_commits(true);
  sqlite::Transaction transaction(file.database());
  for (Delivery& taken : batch_)
    if (!taken.bad_input) store_one(taken, now, came);
  transaction.commit();
  file.sync_commits(false);
}

// What could not be read again is not stored, so it is not acknowledged either.
void Inbox::store_one(Delivery& taken, std::int64_t now, InboxTally& came) {
  properties_.clear();
  append_properties(properties_, taken.record);
  if (std::string why = why_unreadable(properties_); !why.empty()) {
    taken.bad_input = std::make_unique<BadInput>(BadInput{taken.ticket, 0, 0, std::move(why), {}});
    return;
  }
  const auto key = rule_.key_of(taken.record);
  const std::string hash = hash128(taken.record.body);
  switch (receive(stored_.file(), stored_.queue(), {taken.record, properties_, hash, now, false}, key)) {
    case Received::stored:
      ++came.stored;
      break;
    case Received::duplicate:
      ++came.duplicates;
      break;
    case Received::conflict:
      notice_(conflict_text(stored_.file(), *key));
      [[fallthrough]];
    case Received::conflict_again:
      ++came.conflicts;
      break;
  }
}

void Inbox::flush() {
  stored_.flush();
  feed_->flush();
}

Wait Inbox::wait() const {
  Wait wait = feed_->wait();
  wait.no_longer_than(kPollInterval);
  return wait;
}

bool Inbox::drained() {
  return batch_.empty() && stored_.drained() && feed_->drained();
}

void Inbox::stop() {
  feed_->stop();
  stored_.stop();
}

}  // namespace iso::store
