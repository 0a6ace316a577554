#pragma once

#include <functional>
#include <map>
#include <string>

#include "store/sqlite_file.h"

namespace iso::store {

// One session of a store in an SQLite file.
class SqliteEngine final : public StoreEngine {
 public:
  SqliteEngine(const std::string& path, const StoreOptions& options, Access access,
               std::chrono::milliseconds timeout)
      : file_(path, options, access, timeout) {
    if (file_.owners()) release_dead_owners();
  }

  const std::string& name() const override { return file_.path(); }
  std::string url() const override { return "sqlite:" + file_.path(); }
  const std::string& id() override { return id_; }
  bool is_still() const override { return file_.is_still(); }
  bool lasts() const override { return true; }

  Topology topology() override;
  bool has_queue(std::string_view name) override;
  void make(const NewTopology& parts) override;
  void make_inbox(const Topology::Inbox& inbox, const KeyOf& key_of) override;

  void join() override;
  void leave() override;
  void release_dead_owners() override;
  bool try_lock_queue(std::string_view queue) override { return file_.owners()->try_lock_queue(queue); }

  void append_from(const StreamPosition& position, std::span<const NewRow> rows,
                   std::vector<Received>& out) override;
  std::optional<std::uint64_t> next_offset(std::string_view stream) override;
  bool append(std::span<const NewRow> rows, std::optional<std::int64_t> version,
              std::vector<Received>& out) override;

  bool claim(std::string_view queue, Most most, const EachRow& each) override;
  bool look(std::string_view queue, std::int64_t after, Most most, const EachRow& each) override;
  bool claim_expired(std::string_view queue, Most most, const EachRow& each) override;
  bool has_expired(std::string_view queue) override;
  void expire(std::string_view queue) override;
  bool has_open(std::string_view queue) override;
  std::int64_t count_after(std::string_view queue, std::int64_t after) override;
  void settle(std::span<const Settlement> settlements, Pruning pruning) override;

  void prepare_ledger() override;
  void write_ledger(const std::function<void(Ledger&)>& call) override;
  std::vector<LedgerRow> answers_of(std::string_view message_id) override;

  std::int64_t version() override { return database().integer("PRAGMA data_version"); }
  std::uint64_t commits() const override { return file_.commits(); }
  void tidy() override { file_.tidy(); }

 private:
  // The queues of messages that were deleted, and when the last of each was stored.
  using Deleted = std::map<std::string, std::int64_t, std::less<>>;

  sqlite::Database& database() { return file_.database(); }
  std::int64_t topology_version();
  void changed_topology();
  void end_owner(std::int64_t owner);

  Received store(const NewRow& row, std::int64_t now);
  Received store_keyed(const NewRow& row, std::int64_t now);

  bool has_ready(std::string_view queue);
  bool claim_all(const std::function<bool(const EachRow&)>& select, const EachRow& each);
  void settle_one(const Settlement& settlement, std::int64_t now, Deleted& deleted);
  void end_claim(std::int64_t seq);
  static void note_deleted(sqlite::Query& row, Deleted& deleted);
  void remember(const Deleted& deleted);

  SqliteFile file_;
  std::string id_ = store_id(file_.database());
  std::int64_t owner_ = 0;
};

// The engine's clock, in milliseconds since the epoch.
std::int64_t sqlite_now();

}  // namespace iso::store
