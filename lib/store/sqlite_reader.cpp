#include <algorithm>
#include <filesystem>
#include <fmt/core.h>

#include "base/error.h"
#include "store/engine.h"
#include "store/sqlite_columns.h"
#include "store/sqlite_engine.h"
#include "store/sqlite_session.h"

namespace iso::store {
namespace {

// ?1 queue, ?2 now, ?3 the longest rest, ?4 the owners that are dead. All that is open, then what of it is
// claimed, rests, and has expired; what is dead and in conflict; the age of the oldest.
constexpr const char* kCounts =
    "SELECT count(*), coalesce(sum(claimed), 0), coalesce(sum(NOT claimed AND NOT expired AND rests), 0), "
    "coalesce(sum(NOT claimed AND expired), 0), "
    "(SELECT count(*) FROM iso_messages WHERE queue = ?1 AND state >= 2 AND state = 2), "
    "(SELECT count(*) FROM iso_messages WHERE queue = ?1 AND state >= 2 AND state = 3), "
    "?2 - min(CASE WHEN claimed OR NOT expired THEN created_ms END) "
    "FROM (SELECT created_ms, coalesce(expires_ms <= ?2, FALSE) AS expired, {} AS rests, EXISTS(SELECT 1 "
    "FROM iso_claims AS claim WHERE claim.seq = message.seq AND owner NOT IN (SELECT value FROM "
    "json_each(?4))) AS claimed FROM iso_messages AS message WHERE queue = ?1 AND state = 0)";
constexpr std::string_view kRests = "(not_before_ms > ?2 AND not_before_ms <= ?2 + ?3)";

constexpr std::int64_t kSeqsPerPage = 100'000;  // also of other queues: they take time too

const std::string& existing(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error) && !error)
    throw Error(ErrorKind::missing, fmt::format("there is no store {}", path));
  return path;
}

class SqliteReader final : public StoreReader {
 public:
  explicit SqliteReader(const std::string& path) : database_(existing(path), sqlite::Database::Open::look) {
    database_.distrust_schema();
    // Who closes a database last moves what is in its log into the file. The log of someone who died is not
    // ours to move.
    if (database_.log_bytes() != 0) database_.keep_log();
    check_store(database_);
    version_ = store_version(database_);
    id_ = store_id(database_);
  }

  const std::string& name() const override { return database_.path(); }
  const std::string& id() const override { return id_; }
  bool is_still() const override { return database_.is_still(); }
  std::int64_t version() override { return database_.integer("PRAGMA data_version"); }

  std::vector<std::string> queues() override {
    std::vector<std::string> names;
    auto row = database_.query(
        "SELECT name FROM iso_queues WHERE owner = 0 UNION SELECT queue FROM iso_messages WHERE state = 0 "
        "AND "
        "queue NOT IN (SELECT name FROM iso_queues) ORDER BY 1");
    while (row.step()) names.emplace_back(row.text(0));
    return names;
  }

  bool has_queue(std::string_view name) override {
    auto row = database_.query(
        "SELECT 1 FROM iso_queues WHERE name = ?1 UNION ALL SELECT 1 FROM iso_messages WHERE queue = ?1 AND "
        "state = 0 LIMIT 1");
    return row.bind(name).step();
  }

  Counts counts(std::string_view queue) override {
    // A store of version 1 has no message that rests.
    static const std::string kSql = fmt::format(kCounts, kRests), kOldSql = fmt::format(kCounts, "FALSE");
    const std::string dead_owners = dead_owners_with_claims();
    auto row = database_.query(version_ == 1 ? kOldSql : kSql);
    row.bind(queue).bind(sqlite_now()).bind(StoreEngine::kLongestRest.count()).bind(dead_owners).step();
    const auto number = [&](int column) { return static_cast<std::uint64_t>(row.integer(column)); };
    Counts counts;
    counts.claimed = number(1);
    counts.resting = number(2);
    counts.dead = number(3) + number(4);
    counts.conflict = number(5);
    counts.ready = number(0) - counts.claimed - counts.resting - number(3);
    if (!row.is_null(6)) counts.oldest = std::chrono::milliseconds(std::max<std::int64_t>(row.integer(6), 0));
    return counts;
  }

  std::int64_t first_seq() override {
    return database_.integer("SELECT coalesce(min(seq), 0) FROM iso_messages");
  }
  std::int64_t last_seq() override {
    return database_.integer("SELECT coalesce(max(seq), 0) FROM iso_messages");
  }

  std::int64_t page(std::string_view queue, std::int64_t after, std::int64_t up_to,
                    const EachRow& each) override {
    static const std::string kSql = fmt::format(
        "SELECT {} FROM iso_messages WHERE queue = ? AND seq > ? AND seq <= ? ORDER BY seq", kMessage);
    auto next = database_.query("SELECT min(seq) FROM iso_messages WHERE seq > ? AND seq <= ?");
    if (!next.bind(after).bind(up_to).step() || next.is_null(0)) return up_to;
    const auto first = next.integer(0);
    const auto last = up_to - first < kSeqsPerPage ? up_to : first + kSeqsPerPage - 1;
    auto row = database_.query(kSql);
    row.bind(queue).bind(after).bind(last);
    while (row.step())
      if (const StoredRow one = read_columns(row); !each(one)) return one.seq;
    return last;
  }

  void row(std::string_view queue, std::int64_t seq, const EachRow& each) override {
    static const std::string kSql =
        fmt::format("SELECT {} FROM iso_messages WHERE seq = ? AND queue = ?", kMessage);
    auto row = database_.query(kSql);
    if (row.bind(seq).bind(queue).step()) each(read_columns(row));
  }

  bool has_rows(std::string_view queue, std::int64_t after) override {
    auto row = database_.query("SELECT 1 FROM iso_messages WHERE queue = ? AND seq > ? LIMIT 1");
    return row.bind(queue).bind(after).step();
  }

  std::int64_t pruned_up_to(std::string_view queue) override {
    auto row = database_.query("SELECT value FROM iso_meta WHERE name = 'pruned/' || ?");
    return row.bind(queue).step() ? row.integer(0) : 0;
  }

  void ledger(const std::string* after, const EachAnswer& each) override {
    constexpr std::string_view kFirst =
        "SELECT message_id, application, kind, at_ms FROM iso_acks ORDER BY message_id, application";
    constexpr std::string_view kNext =
        "SELECT message_id, application, kind, at_ms FROM iso_acks WHERE message_id > ? ORDER BY message_id, "
        "application";
    auto row = database_.query(after ? kNext : kFirst);
    if (after) row.bind(*after);
    while (row.step() && each({row.text(0), row.text(1), row.text(2), row.integer(3)})) {
    }
  }

 private:
  // What they claimed is ready again for the first who listens. As an array of JSON.
  std::string dead_owners_with_claims() {
    std::string dead = "[";
    for (auto owner = database_.query("SELECT DISTINCT owner FROM iso_claims"); owner.step();) {
      if (!owners_) owners_.emplace(database_.path());
      if (!owners_->is_alive(owner.integer(0)))
        dead += fmt::format("{}{}", dead.size() == 1 ? "" : ",", owner.integer(0));
    }
    return dead + "]";
  }

  sqlite::Database database_;
  std::optional<Owners> owners_;
  std::int64_t version_ = 0;
  std::string id_;
};

}  // namespace

std::unique_ptr<StoreReader> open_sqlite_reader(const std::string& path) {
  return std::make_unique<SqliteReader>(path);
}

}  // namespace iso::store
