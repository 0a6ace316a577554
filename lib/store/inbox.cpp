#include "store/inbox.h"

#include <algorithm>

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
    : Inbox(std::move(feed), open_store(store, Access::create, options.timeout), options, std::move(key)) {}

Inbox::Inbox(std::unique_ptr<Source> feed, OpenStore store, const SourceOptions& options,
             std::optional<Pointer> key, const Clock& clock)
    : feed_(std::move(feed)),
      stored_(std::move(store), made_if_missing(options), clock),
      rule_(std::move(key)),
      notice_(options.notice),
      stream_(feed_->queue()) {
  make_inbox();
}

// Also what is there already gets its key.
void Inbox::make_inbox() {
  const Topology::Inbox inbox{std::string(stored_.queue()), rule_.text()};
  const auto known = stored_.engine().topology().inboxes;
  const auto is_known = [&](const auto& one) { return one.queue == inbox.queue && one.key == inbox.key; };
  if (std::any_of(known.begin(), known.end(), is_known)) return;
  stored_.engine().make_inbox(inbox, [&](const StoredRow& row) {
    Record record;
    return read_row(row, inbox.queue, record).empty() ? rule_.key_of(record) : std::nullopt;
  });
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
  if (batch_.empty()) {
    feed_ended_ = feed_->take(most, batch_) == SourceState::ended;
    drop_what_is_stored();
  }
  if (batch_.empty()) return false;
  prepare_rows();
  received_.clear();
  if (!stored_.unless_locked([&] { store_rows(); })) return false;
  for (const Delivery& taken : batch_)
    if (taken.record.offset) next_offset_ = std::max(next_offset_, *taken.record.offset + 1);
  settle_batch();
  count();
  batch_.clear();
  stored_.poll_now();
  return std::find(received_.begin(), received_.end(), Received::stored) != received_.end();
}

// What could not be read again is not stored, so it is not acknowledged either.
void Inbox::prepare_rows() {
  rows_.clear();
  if (written_.size() < batch_.size()) written_.resize(batch_.size());
  for (std::size_t i = 0; i < batch_.size(); ++i) {
    Delivery& taken = batch_[i];
    if (taken.bad_input) continue;
    Written& written = written_[i];
    written.properties.clear();
    append_properties(written.properties, taken.record);
    if (std::string why = why_unreadable(written.properties); !why.empty()) {
      taken.bad_input = std::make_unique<BadInput>(BadInput{taken.ticket, 0, 0, std::move(why), {}});
      continue;
    }
    written.hash = hash128(taken.record.body);
    rows_.push_back(new_row(stored_.queue(), taken.record, written.properties, written.hash, Expires::no));
    rows_.back().key = rule_.key_of(taken.record);
  }
}

// What came from a stream goes with where the stream is to be read on: nothing of it is acknowledged.
void Inbox::store_rows() {
  const auto last = std::max_element(batch_.begin(), batch_.end(), [](const Delivery& a, const Delivery& b) {
    return a.record.offset < b.record.offset;
  });
  StoreEngine& engine = stored_.engine();
  if (last == batch_.end() || !last->record.offset) {
    engine.append(rows_, std::nullopt, received_);
  } else {
    engine.append_from({stream_, *last->record.offset + 1}, rows_, received_);
  }
}

// What a stream gives again after a lost connection, though it is stored, needs no key to be known.
void Inbox::drop_what_is_stored() {
  std::erase_if(batch_, [&](const Delivery& taken) {
    const bool is_stored = taken.record.offset && *taken.record.offset < next_offset_;
    if (is_stored) feed_->settle(taken.ticket, Disposition::ack, {});
    return is_stored;
  });
}

void Inbox::settle_batch() {
  for (const Delivery& taken : batch_)
    feed_->settle(taken.ticket, taken.bad_input ? Disposition::dead_letter : Disposition::ack,
                  taken.bad_input ? taken.bad_input->why : std::string());
  feed_->flush();
}

void Inbox::count() {
  for (const Delivery& taken : batch_) {
    if (!taken.bad_input) continue;
    ++tally_.unreadable;
    notice_(unreadable_text(taken));
  }
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const Received received = received_[i];
    if (received == Received::conflict) notice_(conflict_text(stored_.engine().name(), *rows_[i].key));
    ++(received == Received::stored      ? tally_.stored
       : received == Received::duplicate ? tally_.duplicates
                                         : tally_.conflicts);
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

std::optional<std::uint64_t> next_offset(const Url& store, std::string_view stream,
                                         std::chrono::milliseconds timeout) {
  try {
    return open_store(store, Access::use, timeout).engine->next_offset(stream);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::missing) throw;
    return std::nullopt;
  }
}

}  // namespace iso::store
