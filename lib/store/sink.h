#pragma once

#include <string>
#include <vector>

#include "pump/end.h"
#include "pump/end_options.h"
#include "store/locked_out.h"
#include "store/open.h"
#include "store/routes.h"

namespace iso::store {

// Routes and stores what was put in one transaction, and confirms it once that is on the disk.
class StoreSink final : public Sink {
 public:
  StoreSink(OpenStore store, const SinkOptions& options);

  void put(Ticket ticket, const Record& record) override;
  void flush() override;
  void results(std::vector<DeliveryResult>& out) override { move_append(known_, out); }
  Wait wait() const override;
  std::string_view stalled() const override { return locked_.text(); }

 private:
  struct Waiting {
    Ticket ticket;
    const Record* record;
  };
  struct Written {
    std::string properties, hash;
  };

  void prepare(const SinkOptions& options);
  void store_waiting();
  bool try_store();
  DeliveryResult prepare_rows(const Waiting& waiting, Written& written);
  void tell_of_conflicts();

  OpenStore store_;
  Routes routes_;
  std::vector<Waiting> waiting_;
  std::size_t waiting_bytes_ = 0;
  std::vector<Written> written_;  // of those that wait; kept for its memory
  std::vector<NewRow> rows_;
  std::vector<Received> received_;
  std::vector<DeliveryResult> results_, known_;
  Notice notice_;
  std::uint64_t max_message_;
  std::string into_;  // the queue for all of them, or ""
  LockedOut locked_;
};

}  // namespace iso::store
