#include <filesystem>
#include <fmt/core.h>

#include "base/error.h"
#include "store/sqlite_columns.h"
#include "store/sqlite_engine.h"
#include "store/sqlite_file.h"

namespace iso::store {
namespace {

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
    store_version(database_);
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
  sqlite::Database database_;
  std::string id_;
};

}  // namespace

std::unique_ptr<StoreReader> open_sqlite_reader(const std::string& path) {
  return std::make_unique<SqliteReader>(path);
}

}  // namespace iso::store
