#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/url.h"
#include "pump/end.h"
#include "record/confirmation.h"
#include "store/locked_out.h"
#include "store/open.h"

namespace iso::store {

// The ledger of a store is its table iso_acks: which application answered which message, and how. man
// iso-store describes it.

struct LedgerTally {
  std::uint64_t stored = 0;  // answers that were news
  std::uint64_t known = 0;   // answers that were there already, and changed nothing
};

// Writes the answers that are put to it into the ledger, each once however often it comes. A flush is one
// transaction; an answer is confirmed once that is on the disk. What is no answer is rejected, and says why.
//
// An answer counts for the message that its header x-message-id names. Without that header it counts for the
// message of this store that has its correlation_id; of several, for the oldest that its application has not
// answered yet, so that one answer never stands for two messages; if there is none, for the correlation_id
// itself, which is the message_id where a message had no other.
class LedgerSink final : public Sink {
 public:
  // The store is made if it is missing. Throws what opening one does.
  explicit LedgerSink(const Url& store, std::chrono::milliseconds timeout = std::chrono::seconds(30));
  explicit LedgerSink(std::unique_ptr<StoreEngine> engine);  // on a store that is open

  void put(Ticket ticket, const Record& record) override;
  void flush() override;
  void results(std::vector<DeliveryResult>& out) override;
  Wait wait() const override;
  std::string_view stalled() const override { return locked_.text(); }

  const LedgerTally& tally() const { return tally_; }

 private:
  struct Waiting {
    Ticket ticket;
    std::optional<std::string> queue;  // that it came from
    Confirmation answer;
  };

  std::vector<LedgerRow> rows(Ledger& ledger) const;
  std::vector<std::vector<std::string>> correlated(Ledger& ledger) const;

  std::unique_ptr<StoreEngine> engine_;
  std::vector<Waiting> waiting_;
  std::vector<DeliveryResult> known_;
  LockedOut locked_;
  LedgerTally tally_;
};

// Reads the ledger of a store that others fill.
class LedgerReader {
 public:
  // Throws ErrorKind::missing if there is no such store.
  explicit LedgerReader(const Url& store) : engine_(open_store(store, Access::use).engine) {}
  explicit LedgerReader(std::unique_ptr<StoreEngine> engine) : engine_(std::move(engine)) {}

  // Whether anyone wrote to the store since this was asked last; true the first time. Costs a microsecond.
  bool changed();

  struct Standing {
    enum { open, handled, rejected } state = open;
    std::string why;  // of a rejection
  };
  // How it stands with one message at one application. Handled stands, whatever else is there: who failed
  // first has done it since, who failed later did it twice. A reply alone leaves it open.
  Standing standing(std::string_view message_id, std::string_view application);

 private:
  std::unique_ptr<StoreEngine> engine_;
  std::int64_t seen_ = -1;
};

}  // namespace iso::store
