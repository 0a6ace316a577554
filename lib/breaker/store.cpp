#include "breaker/store.h"

#include <fmt/core.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/sqlite_setup.h"

namespace iso::breaker {
namespace {

using std::chrono::milliseconds;

constexpr std::int64_t kVersion = 1;
constexpr std::int64_t kApplicationId = 0x69736f62;  // "isob"
constexpr std::chrono::hours kIdle{24};
constexpr int kLargeLog = 100;  // pages of 4 KiB, which the next process that opens the file has to read

constexpr std::string_view kSchema = R"(
CREATE TABLE circuits(
  key TEXT PRIMARY KEY,
  phase INTEGER NOT NULL,
  era INTEGER NOT NULL,
  opens INTEGER NOT NULL,
  since_ms INTEGER NOT NULL,
  until_ms INTEGER NOT NULL,
  failures_in_a_row INTEGER NOT NULL,
  recent TEXT NOT NULL,
  reason TEXT NOT NULL,
  touched_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
)";

std::int64_t milliseconds_of(Clock::Wall time) {
  return time.time_since_epoch().count();
}
Clock::Wall time_of(std::int64_t ms) {
  return Clock::Wall(milliseconds(ms));
}

// Never byte 0, which is the lock for setting up the file.
std::int64_t byte_of(std::string_view key, std::int64_t generation) {
  const std::string whole = fmt::format("{} {}", generation, key);
  return static_cast<std::int64_t>(hash64(whole) >> 2) | 1;
}

template <class Row>
Circuit circuit_of(const Row& row, int first) {
  Circuit circuit;
  circuit.phase = static_cast<Phase>(row.integer(first));
  circuit.generation = row.integer(first + 1);
  circuit.opens = static_cast<unsigned>(row.integer(first + 2));
  circuit.since = time_of(row.integer(first + 3));
  circuit.until = time_of(row.integer(first + 4));
  circuit.failures_in_a_row = static_cast<unsigned>(row.integer(first + 5));
  circuit.recent = RecentCalls::parse(row.text(first + 6));
  circuit.reason = row.text(first + 7);
  return circuit;
}

std::optional<Circuit> find(sqlite::Database& database, std::string_view key) {
  auto row = database.query(
      "SELECT phase, era, opens, since_ms, until_ms, failures_in_a_row, recent, reason FROM circuits WHERE "
      "key = ?");
  row.bind(key);
  if (!row.step()) return std::nullopt;
  return circuit_of(row, 0);
}

}  // namespace

BreakerStore::BreakerStore(const std::string& path, milliseconds busy, const Clock& clock)
    : clock_(clock),
      database_(make_private_file(path), sqlite::Database::Open::existing, busy),
      probes_(path + "-probes") {
  sqlite::set_up(database_, {kApplicationId, kVersion, kSchema, "file of circuits"}, probes_);
}

Circuit BreakerStore::read(std::string_view key) {
  return find(database_, key).value_or(Circuit());
}

std::vector<NamedCircuit> BreakerStore::list() {
  std::vector<NamedCircuit> all;
  auto rows = database_.query(
      "SELECT key, phase, era, opens, since_ms, until_ms, failures_in_a_row, recent, reason FROM circuits "
      "ORDER BY "
      "key");
  while (rows.step()) all.push_back({std::string(rows.text(0)), circuit_of(rows, 1)});
  return all;
}

void BreakerStore::edit(std::string_view key, const std::function<bool(Circuit&, Clock::Wall now)>& change) {
  {
    sqlite::Transaction transaction(database_);
    const auto now = clock_.wall();
    const auto known = find(database_, key);
    Circuit circuit = known.value_or(Circuit());
    if (!change(circuit, now)) return;
    if (!known) forget_idle(now);
    write(key, circuit, now);
    transaction.commit();
  }
  if (database_.wal_pages() >= kLargeLog) database_.empty_log();
}

void BreakerStore::write(std::string_view key, const Circuit& circuit, Clock::Wall now) {
  const std::string recent = circuit.recent.text();
  database_
      .query(
          "INSERT OR REPLACE INTO circuits(key, phase, era, opens, since_ms, until_ms, failures_in_a_row, "
          "recent, "
          "reason, touched_ms) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
      .bind(key)
      .bind(static_cast<std::int64_t>(circuit.phase))
      .bind(circuit.generation)
      .bind(std::int64_t{circuit.opens})
      .bind(milliseconds_of(circuit.since))
      .bind(milliseconds_of(circuit.until))
      .bind(std::int64_t{circuit.failures_in_a_row})
      .bind(recent)
      .bind(circuit.reason)
      .bind(milliseconds_of(now))
      .run();
}

void BreakerStore::forget_idle(Clock::Wall now) {
  database_.query("DELETE FROM circuits WHERE phase = 0 AND touched_ms < ?")
      .bind(milliseconds_of(now - kIdle))
      .run();
}

void BreakerStore::hold_probe(std::string_view key, std::int64_t generation) {
  held_.emplace(key, generation);
  probes_.try_lock(byte_of(key, generation));
}

void BreakerStore::release_probe(std::string_view key, std::int64_t generation) {
  held_.erase({std::string(key), generation});
  probes_.unlock(byte_of(key, generation));
}

bool BreakerStore::probe_owner_alive(std::string_view key, std::int64_t generation) const {
  return held_.contains({std::string(key), generation}) || probes_.is_locked(byte_of(key, generation));
}

}  // namespace iso::breaker
