#include <algorithm>
#include <fmt/core.h>

#include "base/error.h"
#include "store/sqlite_columns.h"
#include "store/sqlite_session.h"

namespace iso::store {
namespace {

#define UNCLAIMED "NOT EXISTS (SELECT 1 FROM iso_claims WHERE iso_claims.seq = iso_messages.seq)"

// ?1 queue, ?2 the seq before, ?3 now, ?4 the longest rest
#define OPEN                                                                                      \
  "FROM iso_messages WHERE queue = ?1 AND state = 0 AND (expires_ms IS NULL OR expires_ms > ?3) " \
  "AND " UNCLAIMED
#define RESTS "(not_before_ms > ?3 AND not_before_ms <= ?3 + ?4)"
#define EXPIRED "FROM iso_messages WHERE queue = ?1 AND state = 0 AND expires_ms <= ?2 AND " UNCLAIMED

// By its number, so that the row is asked and no index.
constexpr std::string_view kSaysSo =
    "(SELECT state IS 0 AND queue = ?1 FROM iso_messages AS row WHERE row.seq = iso_messages.seq)";
constexpr std::string_view kReady = OPEN " AND seq > ?2 AND " RESTS " IS NOT TRUE ORDER BY seq ";

std::int64_t sql_limit(std::size_t rows) {
  return static_cast<std::int64_t>(std::min<std::size_t>(rows, INT64_MAX));
}

// Gives rows until there are no more, or `most` is reached: true.
template <class Each>
bool give(sqlite::Query& query, Most most, Each each) {
  for (std::size_t rows = 0, bytes = 0; query.step();) {
    const StoredRow row = read_columns(query);
    each(row);
    bytes += row.body.size() + row.properties.size();
    if (++rows == most.rows || bytes >= most.bytes) return true;
  }
  return false;
}

[[noreturn]] void throw_damaged(const std::string& path, const std::string& how) {
  throw Error(ErrorKind::io, fmt::format("{}: the store is damaged: {}; see man iso-store", path, how));
}

}  // namespace

bool SqliteEngine::has_ready(std::string_view queue) {
  static const std::string kSql = fmt::format("SELECT 1 {} LIMIT 1", kReady);
  auto query = database().query(kSql);
  return query.bind(queue).bind(std::int64_t{0}).bind(sqlite_now()).bind(kLongestRest.count()).step();
}

// What is open is ready or rests. Where a damaged index says otherwise, waiting for it would never end.
bool SqliteEngine::has_open(std::string_view queue) {
  static const std::string kSql = fmt::format(
      "SELECT EXISTS(SELECT 1 " OPEN "), EXISTS(SELECT 1 {}), EXISTS(SELECT 1 " OPEN " AND " RESTS ")",
      kReady);
  auto query = database().query(kSql);
  query.bind(queue).bind(std::int64_t{0}).bind(sqlite_now()).bind(kLongestRest.count()).step();
  const bool open = query.integer(0) != 0, accounted_for = query.integer(1) + query.integer(2) != 0;
  if (open && !accounted_for)
    throw_damaged(name(), fmt::format("messages of the queue \"{}\" are missing from an index", queue));
  return open;
}

bool SqliteEngine::look(std::string_view queue, std::int64_t after, Most most, const EachRow& each) {
  static const std::string kSql = fmt::format("SELECT {}, {} {} LIMIT ?5", kMessage, kSaysSo, kReady);
  auto query = database().query(kSql);
  query.bind(queue).bind(after).bind(sqlite_now()).bind(kLongestRest.count()).bind(sql_limit(most.rows));
  return give(query, most, [&](const StoredRow& row) {
    // Settling takes out of the index of what is open only what says so itself: the rest would come for ever.
    if (query.integer(kMessageColumns) == 0)
      throw_damaged(name(), fmt::format("message {} of the queue \"{}\" is in an index of what is open, "
                                        "and is not",
                                        row.seq, queue));
    each(row);
  });
}

bool SqliteEngine::claim(std::string_view queue, Most most, const EachRow& each) {
  if (!has_ready(queue)) return false;  // a look waits for nobody
  return claim_all([&](const EachRow& claimed) { return look(queue, 0, most, claimed); }, each);
}

bool SqliteEngine::claim_expired(std::string_view queue, Most most, const EachRow& each) {
  static const std::string kSql = fmt::format("SELECT {} " EXPIRED " ORDER BY seq LIMIT ?3", kMessage);
  if (!has_expired(queue)) return false;
  return claim_all(
      [&](const EachRow& claimed) {
        auto query = database().query(kSql);
        query.bind(queue).bind(sqlite_now()).bind(sql_limit(most.rows));
        return give(query, most, claimed);
      },
      each);
}

// Claims what `select` gives, in one transaction with it.
bool SqliteEngine::claim_all(const std::function<bool(const EachRow&)>& select, const EachRow& each) {
  file_.prepare_turn(SqliteFile::Sync::some);
  sqlite::Transaction transaction(database());
  std::vector<std::int64_t> seqs;
  const bool more = select([&](const StoredRow& row) {
    seqs.push_back(row.seq);
    each(row);
  });
  for (const auto seq : seqs)
    database().query("INSERT INTO iso_claims(seq, owner) VALUES(?, ?)").bind(seq).bind(owner_).run();
  transaction.commit();
  return more;
}

bool SqliteEngine::has_expired(std::string_view queue) {
  return database().query("SELECT 1 " EXPIRED " LIMIT 1").bind(queue).bind(sqlite_now()).step();
}

void SqliteEngine::expire(std::string_view queue) {
  if (!has_expired(queue)) return;
  file_.prepare_turn(SqliteFile::Sync::some);
  sqlite::Transaction transaction(database());
  database()
      .query(
          "UPDATE iso_messages SET state = 2, state_ms = ?2, last_error = 'expired' WHERE queue = ?1 AND "
          "state = 0 AND expires_ms <= ?2 AND seq NOT IN (SELECT seq FROM iso_claims)")
      .bind(queue)
      .bind(sqlite_now())
      .run();
  transaction.commit();
}

std::int64_t SqliteEngine::count_after(std::string_view queue, std::int64_t after) {
  auto count =
      database().query("SELECT count(*) FROM iso_messages WHERE queue = ? AND state = 0 AND seq > ?");
  count.bind(queue).bind(after).step();
  return count.integer(0);
}

// ---- settling

void SqliteEngine::settle(std::span<const Settlement> settlements, Pruning pruning) {
  file_.prepare_turn(SqliteFile::Sync::some);
  const auto now = sqlite_now();
  Deleted deleted;
  sqlite::Transaction transaction(database());
  for (const auto& settlement : settlements) settle_one(settlement, now, deleted);
  {
    auto row = database().query(
        "DELETE FROM iso_messages WHERE seq IN (SELECT seq FROM iso_messages WHERE state = 1 AND state_ms < "
        "? "
        "ORDER BY state_ms LIMIT ?) RETURNING queue, created_ms");
    row.bind(now - pruning.done_for.count()).bind(sql_limit(pruning.most));
    note_deleted(row, deleted);
  }
  remember(deleted);
  transaction.commit();
}

void SqliteEngine::settle_one(const Settlement& settlement, std::int64_t now, Deleted& deleted) {
  using Mark = Settlement::Mark;
  const auto seq = settlement.seq;
  if (!database().query("SELECT 1 FROM iso_messages WHERE seq = ?").bind(seq).step()) {
    end_claim(seq);
    return;  // someone deleted it
  }
  if (settlement.mark == Mark::done) {
    database()
        .query("UPDATE iso_messages SET state = 1, state_ms = ? WHERE seq = ?")
        .bind(now)
        .bind(seq)
        .run();
  } else if (settlement.mark == Mark::forget) {
    auto row = database().query("DELETE FROM iso_messages WHERE seq = ? RETURNING queue, created_ms");
    note_deleted(row.bind(seq), deleted);
  } else if (settlement.mark == Mark::give_back) {
    database().query("UPDATE iso_messages SET redeliveries = redeliveries + 1 WHERE seq = ?").bind(seq).run();
  } else {
    const bool dead = settlement.mark == Mark::dead;
    database()
        .query(
            "UPDATE iso_messages SET state = ?1, state_ms = ?2, attempts = attempts + ?7, redeliveries = "
            "redeliveries + ?3, not_before_ms = ?4, last_error = ?5 WHERE seq = ?6")
        .bind(std::int64_t{dead ? 2 : 0})
        .bind(now)
        .bind(std::int64_t{dead ? 0 : 1})
        .bind(dead ? 0 : now + settlement.rest.count())
        .bind(settlement.why)
        .bind(seq)
        .bind(std::int64_t{settlement.mark == Mark::postpone ? 0 : 1})
        .run();
  }
  file_.must_have_changed("marking a message");
  end_claim(seq);
}

void SqliteEngine::end_claim(std::int64_t seq) {
  database().query("DELETE FROM iso_claims WHERE seq = ?").bind(seq).run();
}

void SqliteEngine::note_deleted(sqlite::Query& row, Deleted& deleted) {
  while (row.step()) {
    auto& last = deleted[std::string(row.text(0))];
    last = std::max(last, row.integer(1));
  }
}

// What is older than what is gone was here, for all that anyone knows.
void SqliteEngine::remember(const Deleted& deleted) {
  for (const auto& [queue, created_ms] : deleted)
    database()
        .query(
            "INSERT INTO iso_meta(name, value) VALUES('pruned/' || ?1, ?2) "
            "ON CONFLICT(name) DO UPDATE SET value = max(value, excluded.value)")
        .bind(queue)
        .bind(created_ms)
        .run();
}

}  // namespace iso::store
