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
constexpr std::size_t kLongestKey = 255;

SourceOptions made_if_missing(SourceOptions options) {
  options.declare = true;
  return options;
}

}  // namespace

Inbox::Inbox(std::unique_ptr<Source> feed, const Url& store, const SourceOptions& options,
             std::optional<Pointer> key)
    : feed_(std::move(feed)),
      stored_(store, made_if_missing(options)),
      key_(std::move(key)),
      notice_(options.notice) {}

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
    feed_->settle(taken.ticket, taken.bad_input ? Disposition::dead_letter : Disposition::ack, {});
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
  for (const Delivery& taken : batch_)
    if (!taken.bad_input) store_one(taken.record, now, came);
  transaction.commit();
  file.sync_commits(false);
}

void Inbox::store_one(const Record& record, std::int64_t now, InboxTally& came) {
  static const std::string kSql = fmt::format(
      "INSERT INTO iso_messages({}, dedupe_key) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
      "ON CONFLICT(queue, dedupe_key) WHERE dedupe_key IS NOT NULL AND state <> 3 "
      "DO UPDATE SET duplicates = duplicates + 1 WHERE body_hash = excluded.body_hash RETURNING duplicates",
      kNewRow);
  const auto key = key_of(record);
  const std::string hash = hash128(record.body);
  properties_.clear();
  append_properties(properties_, record);
  bool kept = false;
  {
    auto insert = stored_.file().database().query(kSql);
    bind_new_row(insert, stored_.queue(), {record, properties_, hash, now, false});
    insert.bind(key);
    while (insert.step()) {
      kept = true;
      ++(insert.integer(0) == 0 ? came.stored : came.duplicates);
    }
  }
  if (kept) return;
  ++came.conflicts;
  keep_conflict(record, *key, hash, now);
}

// A redelivery of a conflict is not another one.
void Inbox::keep_conflict(const Record& record, const std::string& key, std::string_view hash,
                          std::int64_t now) {
  static const std::string kSql = fmt::format(
      "INSERT INTO iso_messages({}, dedupe_key, state) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 3)",
      kNewRow);
  auto& database = stored_.file().database();
  database
      .query(
          "UPDATE iso_messages SET duplicates = duplicates + 1 WHERE queue = ? AND state >= 2 AND state = 3 "
          "AND "
          "dedupe_key = ? AND body_hash = ?")
      .bind(stored_.queue())
      .bind(key)
      .bind_blob(hash)
      .run();
  if (database.changes() != 0) return;
  auto insert = database.query(kSql);
  bind_new_row(insert, stored_.queue(), {record, properties_, hash, now, false});
  insert.bind(std::string_view(key)).run();
  stored_.file().must_have_changed("storing a message");
  notice_(
      fmt::format("conflict: another message with the key \"{}\" and another content came; it is kept in {}",
                  key, stored_.file().path()));
}

std::optional<std::string> Inbox::key_of(const Record& record) const {
  auto key = key_ ? key_->text_at(record) : std::nullopt;
  if (!key) key = record.message_id;
  if (!key || key->empty()) return std::nullopt;
  return key->size() <= kLongestKey ? std::move(key) : "xxh3-128:" + hash_text(*key);
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
