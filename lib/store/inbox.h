#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pump/end.h"
#include "pump/end_options.h"
#include "record/pointer.h"
#include "store/inbox_rule.h"
#include "store/source.h"

namespace iso::store {

struct InboxTally {
  std::uint64_t unreadable = 0;  // dead-lettered, not stored
  std::uint64_t stored = 0;      // new messages
  std::uint64_t duplicates = 0;  // had the key and the content of one that is there: counted, not handed on
  std::uint64_t conflicts = 0;   // had the key of one that is there, and another content: kept, not handed on
};

// Hands on each message of `feed` once, however often it is delivered. What comes is stored in a queue of a
// store in one transaction, then acknowledged at the feed, then handed on from the queue; settling it there
// marks it done. What was stored and not settled when a process died is handed on by the next.
//
// InboxRule says which messages are the same.
class Inbox final : public Source {
 public:
  // `options` say which queue, and are those of a source of the store. Throws what opening the store does.
  Inbox(std::unique_ptr<Source> feed, const Url& store, const SourceOptions& options,
        std::optional<Pointer> key);
  // On a store that is open.
  Inbox(std::unique_ptr<Source> feed, OpenStore store, const SourceOptions& options,
        std::optional<Pointer> key, const Clock& clock = system_clock());

  SourceState take(std::size_t most, std::vector<Delivery>& out) override;
  bool settle(Ticket ticket, Disposition how, std::string_view why) override {
    return stored_.settle(ticket, how, why);
  }
  void flush() override;
  Wait wait() const override;
  bool drained() override;
  void stop() override;
  std::string_view queue() const override { return stored_.queue(); }
  std::string_view away() const override { return feed_->away(); }

  const InboxTally& tally() const { return tally_; }

 private:
  struct Written {
    std::string properties, hash;
  };

  void make_inbox();
  bool stage(std::size_t most);
  void prepare_rows();
  void store_rows();
  void drop_what_is_stored();
  void settle_batch();
  void count();

  std::unique_ptr<Source> feed_;
  StoreSource stored_;
  InboxRule rule_;
  Notice notice_;
  std::string stream_;             // what the feed reads, if it is a stream
  std::uint64_t next_offset_ = 0;  // of it, the first that this run has not stored
  std::vector<Delivery> batch_;    // taken from the feed, and not in the store yet
  bool feed_ended_ = false;
  std::vector<Written> written_;  // of the batch; kept for its memory
  std::vector<NewRow> rows_;      // those of the batch that can be stored
  std::vector<Received> received_;
  InboxTally tally_;
};

// Where an inbox of this store goes on in a stream; nothing if it has not read any of it, or is not there.
// Throws what opening the store does.
std::optional<std::uint64_t> next_offset(const Url& store, std::string_view stream,
                                         std::chrono::milliseconds timeout);

}  // namespace iso::store
