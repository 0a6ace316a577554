#include <fmt/core.h>

#include "store/sqlite_columns.h"
#include "store/sqlite_session.h"

namespace iso::store {
namespace {

std::optional<std::string> owned(std::optional<std::string_view> text) {
  return text ? std::optional<std::string>(*text) : std::nullopt;
}

class SqliteLedger final : public Ledger {
 public:
  explicit SqliteLedger(SqliteFile& file) : file_(file) {}

  void correlated(std::span<const Question> questions, const EachMessage& each) override {
    static const std::string kSql = fmt::format(
        "SELECT {} FROM iso_messages WHERE seq IN (SELECT min(seq) FROM iso_messages WHERE correlation_id = "
        "?1 AND queue IS NOT ?2 GROUP BY coalesce(message_id, seq)) ORDER BY seq",
        kMessage);
    for (std::size_t i = 0; i < questions.size(); ++i) {
      auto row = file_.database().query(kSql);
      row.bind(questions[i].correlation_id);
      if (questions[i].not_queue) row.bind(*questions[i].not_queue);
      while (row.step()) each(i, read_columns(row));
    }
  }

  std::vector<LedgerRow> answers(std::span<const std::string_view> message_ids) override {
    std::vector<LedgerRow> rows;
    for (const auto id : message_ids) {
      auto row = file_.database().query(
          "SELECT application, kind, reply_id, detail FROM iso_acks WHERE message_id = ?");
      row.bind(id);
      while (row.step())
        rows.push_back({std::string(id), std::string(row.text(0)), std::string(row.text(1)),
                        owned(text_or_null(row, 2)), owned(text_or_null(row, 3))});
    }
    return rows;
  }

  std::vector<bool> add(std::span<const LedgerRow> rows) override {
    const auto now = sqlite_now();
    std::vector<bool> added;
    for (const LedgerRow& row : rows) added.push_back(add_one(row, now));
    return added;
  }

 private:
  bool add_one(const LedgerRow& row, std::int64_t now) {
    auto& database = file_.database();
    database
        .query(
            "INSERT INTO iso_acks(message_id, application, kind, at_ms, reply_id, detail) "
            "VALUES(?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING")
        .bind(row.message_id)
        .bind(row.application)
        .bind(row.kind)
        .bind(now)
        .bind(row.reply_id)
        .bind(row.detail)
        .run();
    if (database.changes() != 0) return true;
    if (!database.query("SELECT 1 FROM iso_acks WHERE message_id = ? AND application = ? AND kind = ?")
             .bind(row.message_id)
             .bind(row.application)
             .bind(row.kind)
             .step())
      file_.must_have_changed("storing an answer");
    return false;
  }

  SqliteFile& file_;
};

}  // namespace

// Only a store that is a ledger pays for it.
void SqliteEngine::prepare_ledger() {
  file_.prepare_set_up(SqliteFile::Sync::every_commit);
  database().execute(
      "CREATE INDEX IF NOT EXISTS iso_messages_correlation ON iso_messages(correlation_id) "
      "WHERE correlation_id IS NOT NULL");
}

void SqliteEngine::write_ledger(const std::function<void(Ledger&)>& call) {
  file_.prepare_turn(SqliteFile::Sync::every_commit);
  sqlite::Transaction transaction(database());
  SqliteLedger ledger(file_);
  call(ledger);
  transaction.commit();
}

std::vector<LedgerRow> SqliteEngine::answers_of(std::string_view message_id) {
  return SqliteLedger(file_).answers({&message_id, 1});
}

}  // namespace iso::store
