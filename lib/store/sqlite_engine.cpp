#include "store/sqlite_engine.h"

#include "base/clock.h"
#include "base/error.h"
#include "store/sqlite_columns.h"
#include "store/sqlite_session.h"

namespace iso::store {
namespace {

constexpr std::size_t kUnkeyedAtOnce = 256;

std::vector<std::string> names(sqlite::Query row) {
  std::vector<std::string> all;
  while (row.step()) all.emplace_back(row.text(0));
  return all;
}

}  // namespace

std::int64_t sqlite_now() {
  return system_clock().wall().time_since_epoch().count();
}

std::unique_ptr<StoreEngine> open_sqlite_engine(const std::string& path, const StoreOptions& options,
                                                Access access, std::chrono::milliseconds timeout) {
  return std::make_unique<SqliteEngine>(path, options, access, timeout);
}

// ---- what is bound to what

std::int64_t SqliteEngine::topology_version() {
  return database().integer("SELECT value FROM iso_meta WHERE name = 'topology'");
}

void SqliteEngine::changed_topology() {
  database().query("UPDATE iso_meta SET value = value + 1 WHERE name = 'topology'").run();
}

// The version comes first: with what is newer than it, nothing can be stored.
Topology SqliteEngine::topology() {
  Topology topology;
  topology.version = topology_version();
  for (auto row = database().query("SELECT name, type FROM iso_exchanges"); row.step();)
    topology.exchanges.push_back({std::string(row.text(0)), std::string(row.text(1))});
  topology.queues = names(database().query("SELECT name FROM iso_queues"));
  for (auto row = database().query("SELECT exchange, queue, routing_key, arguments FROM iso_bindings");
       row.step();)
    topology.bindings.push_back({std::string(row.text(0)), std::string(row.text(1)), std::string(row.text(2)),
                                 std::string(row.text(3))});
  for (auto row = database().query("SELECT substr(name, 7), value FROM iso_meta WHERE name LIKE 'inbox/%'");
       row.step();)
    topology.inboxes.push_back({std::string(row.text(0)), std::string(row.text(1))});
  return topology;
}

bool SqliteEngine::has_queue(std::string_view name) {
  return database()
      .query(
          "SELECT 1 FROM iso_queues WHERE name = ?1 UNION ALL SELECT 1 FROM iso_messages WHERE queue = ?1 "
          "AND state = 0 LIMIT 1")
      .bind(name)
      .step();
}

void SqliteEngine::make(const NewTopology& parts) {
  file_.prepare_set_up(SqliteFile::Sync::every_commit);
  sqlite::Transaction transaction(database());
  for (const auto& exchange : parts.exchanges)
    database()
        .query("INSERT OR IGNORE INTO iso_exchanges(name, type) VALUES(?, ?)")
        .bind(exchange.name)
        .bind(exchange.type)
        .run();
  const auto make_queue = [&](const std::string& name, std::int64_t owner) {
    database()
        .query("INSERT OR IGNORE INTO iso_queues(name, owner) VALUES(?, ?)")
        .bind(name)
        .bind(owner)
        .run();
  };
  for (const auto& queue : parts.queues) make_queue(queue, 0);
  if (!parts.private_queue.empty()) make_queue(parts.private_queue, owner_);
  for (const auto& binding : parts.bindings)
    database()
        .query(
            "INSERT OR IGNORE INTO iso_bindings(exchange, queue, routing_key, arguments) VALUES(?, ?, ?, ?)")
        .bind(binding.exchange)
        .bind(binding.queue)
        .bind(binding.routing_key)
        .bind(binding.arguments)
        .run();
  changed_topology();
  transaction.commit();
}

void SqliteEngine::make_inbox(const Topology::Inbox& inbox, const KeyOf& key_of) {
  static const std::string kUnkeyed = "SELECT " + std::string(kMessage) +
                                      " FROM iso_messages WHERE queue = ? AND seq > ? AND dedupe_key IS NULL "
                                      "AND state <> 3 ORDER BY seq LIMIT ?";
  struct Keyed {
    std::int64_t seq;
    std::optional<std::string> key;
  };
  file_.prepare_set_up(SqliteFile::Sync::every_commit);
  sqlite::Transaction transaction(database());
  database()
      .query("INSERT OR REPLACE INTO iso_meta(name, value) VALUES('inbox/' || ?, ?)")
      .bind(inbox.queue)
      .bind(inbox.key)
      .run();
  std::vector<Keyed> some;
  std::int64_t after = 0;
  do {
    some.clear();
    {
      auto row = database().query(kUnkeyed);
      row.bind(inbox.queue).bind(after).bind(static_cast<std::int64_t>(kUnkeyedAtOnce));
      while (row.step()) some.push_back({after = row.integer(0), key_of(read_columns(row))});
    }
    for (const auto& [seq, key] : some)
      if (key)
        database()
            .query("UPDATE OR IGNORE iso_messages SET dedupe_key = ? WHERE seq = ?")
            .bind(*key)
            .bind(seq)
            .run();
  } while (some.size() == kUnkeyedAtOnce);
  changed_topology();
  transaction.commit();
}

// ---- who takes

void SqliteEngine::join() {
  file_.prepare_set_up(SqliteFile::Sync::some);
  owner_ = file_.owners()->register_owner();
  sqlite::Transaction transaction(database());
  database().query("INSERT INTO iso_owners(owner) VALUES(?)").bind(owner_).run();
  transaction.commit();
}

void SqliteEngine::leave() {
  file_.prepare_turn(SqliteFile::Sync::some);
  sqlite::Transaction transaction(database());
  end_owner(owner_);
  transaction.commit();
}

void SqliteEngine::release_dead_owners() {
  std::vector<std::int64_t> dead;
  for (auto owners = database().query("SELECT owner FROM iso_owners"); owners.step();)
    if (!file_.owners()->is_alive(owners.integer(0))) dead.push_back(owners.integer(0));
  if (dead.empty()) return;
  sqlite::Transaction transaction(database());
  for (const auto owner : dead) end_owner(owner);
  transaction.commit();
}

void SqliteEngine::end_owner(std::int64_t owner) {
  constexpr std::string_view kStatements[] = {
      "UPDATE iso_messages SET redeliveries = redeliveries + 1 WHERE seq IN (SELECT seq FROM iso_claims "
      "WHERE owner = ?)",
      "DELETE FROM iso_claims WHERE owner = ?",
      "DELETE FROM iso_messages WHERE queue IN (SELECT name FROM iso_queues WHERE owner = ?)",
      "DELETE FROM iso_bindings WHERE queue IN (SELECT name FROM iso_queues WHERE owner = ?)",
      "DELETE FROM iso_owners WHERE owner = ?",
      "DELETE FROM iso_queues WHERE owner = ?",
  };
  for (const auto sql : kStatements) database().query(sql).bind(owner).run();
  if (database().changes() != 0) changed_topology();
}

// ---- in

bool SqliteEngine::append(std::span<const NewRow> rows, std::optional<std::int64_t> version,
                          std::vector<Received>& out) {
  file_.prepare_turn(SqliteFile::Sync::every_commit);
  sqlite::Transaction transaction(database());
  if (version && topology_version() != *version) return false;
  const auto now = sqlite_now();
  for (const NewRow& row : rows) out.push_back(store(row, now));
  transaction.commit();
  return true;
}

void SqliteEngine::append_from(const StreamPosition& position, std::span<const NewRow> rows,
                               std::vector<Received>& out) {
  file_.prepare_turn(SqliteFile::Sync::every_commit);
  sqlite::Transaction transaction(database());
  const auto now = sqlite_now();
  for (const NewRow& row : rows) out.push_back(store(row, now));
  database()
      .query("INSERT OR REPLACE INTO iso_meta(name, value) VALUES('offset/' || ?, ?)")
      .bind(position.stream)
      .bind(static_cast<std::int64_t>(position.next))
      .run();
  transaction.commit();
}

std::optional<std::uint64_t> SqliteEngine::next_offset(std::string_view stream) {
  auto row = database().query("SELECT value FROM iso_meta WHERE name = 'offset/' || ?");
  row.bind(stream);
  if (!row.step()) return std::nullopt;
  return static_cast<std::uint64_t>(row.integer(0));
}

namespace {

#define NEW_ROW                                                                                              \
  "INSERT INTO iso_messages(queue, state_ms, created_ms, expires_ms, message_id, correlation_id, exchange, " \
  "routing_key, properties, body_hash, body"

void bind_or_null(sqlite::Query& query, std::optional<std::string_view> text) {
  if (text) {
    query.bind(*text);
  } else {
    query.bind_null();
  }
}

void bind_new_row(sqlite::Query& query, const NewRow& row, std::int64_t now) {
  query.bind(row.queue).bind(now).bind(now);
  if (row.time_to_live) {
    query.bind(now + row.time_to_live->count());
  } else {
    query.bind_null();
  }
  bind_or_null(query, row.message_id);
  bind_or_null(query, row.correlation_id);
  query.bind(row.exchange).bind(row.routing_key).bind(row.properties).bind_blob(row.hash).bind_blob(row.body);
}

}  // namespace

Received SqliteEngine::store(const NewRow& row, std::int64_t now) {
  if (row.key) return store_keyed(row, now);
  auto insert = database().query(NEW_ROW ") VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  bind_new_row(insert, row, now);
  insert.run();
  file_.must_have_changed("storing a message");
  return Received::stored;
}

Received SqliteEngine::store_keyed(const NewRow& row, std::int64_t now) {
  std::optional<std::int64_t> duplicates;
  {
    auto insert =
        database().query(NEW_ROW
                         ", dedupe_key) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
                         "ON CONFLICT(queue, dedupe_key) WHERE dedupe_key IS NOT NULL AND state <> 3 "
                         "DO UPDATE SET duplicates = duplicates + 1 WHERE body_hash = excluded.body_hash "
                         "RETURNING duplicates");
    bind_new_row(insert, row, now);
    insert.bind(*row.key);
    while (insert.step()) duplicates = insert.integer(0);
  }
  if (duplicates) return *duplicates == 0 ? Received::stored : Received::duplicate;
  // One that an application put there has no hash: then the bodies themselves are compared.
  database()
      .query(
          "UPDATE iso_messages SET duplicates = duplicates + 1 WHERE queue = ?1 AND dedupe_key = ?2 AND "
          "state <> 3 AND body_hash IS NULL AND CAST(body AS BLOB) = ?3")
      .bind(row.queue)
      .bind(*row.key)
      .bind_blob(row.body)
      .run();
  if (database().changes() != 0) return Received::duplicate;
  // A redelivery of a conflict is not another one.
  database()
      .query(
          "UPDATE iso_messages SET duplicates = duplicates + 1 WHERE queue = ? AND state >= 2 AND state = 3 "
          "AND dedupe_key = ? AND body_hash = ?")
      .bind(row.queue)
      .bind(*row.key)
      .bind_blob(row.hash)
      .run();
  if (database().changes() != 0) return Received::conflict_again;
  auto insert =
      database().query(NEW_ROW ", dedupe_key, state) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 3)");
  bind_new_row(insert, row, now);
  insert.bind(*row.key).run();
  file_.must_have_changed("storing a message");
  return Received::conflict;
}

#undef NEW_ROW

}  // namespace iso::store
