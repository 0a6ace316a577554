#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "store/engine.h"
#include "support/small_store.h"
#include "support/store_row.h"

namespace iso::test {

// What FakeStore offers, of a store in a file of its own.
struct SqliteStore {
  SqliteStore() { application->execute("PRAGMA synchronous=OFF"); }

  std::unique_ptr<StoreEngine> open() const { return open_store(small.url(), Access::use).engine; }

  std::int64_t now() const { return system_clock().wall().time_since_epoch().count(); }

  std::int64_t put(const StoreRow& row) const {
    auto insert = application->query(
        "INSERT INTO iso_messages(seq, queue, state, state_ms, created_ms, attempts, redeliveries, "
        "duplicates, not_before_ms, expires_ms, message_id, correlation_id, dedupe_key, routing_key, "
        "last_error, exchange, properties, body_hash, body) VALUES(nullif(?, 0), ?, ?, ?, ?, ?, ?, ?, ?, ?, "
        "?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING seq");
    insert.bind(row.seq).bind(row.queue).bind(row.state).bind(row.state_ms).bind(row.created_ms);
    insert.bind(row.attempts).bind(row.redeliveries).bind(row.duplicates).bind(row.not_before_ms);
    if (row.expires_ms) {
      insert.bind(*row.expires_ms);
    } else {
      insert.bind_null();
    }
    insert.bind(row.message_id).bind(row.correlation_id).bind(row.key).bind(row.routing_key);
    insert.bind(row.last_error).bind(row.exchange).bind(row.properties).bind(row.hash).bind(row.body);
    insert.step();
    const auto seq = insert.integer(0);
    insert.run();
    return seq;
  }

  std::vector<StoreRow> rows() const {
    auto row = application->query(
        "SELECT seq, queue, state, state_ms, created_ms, attempts, redeliveries, duplicates, not_before_ms, "
        "expires_ms, message_id, correlation_id, dedupe_key, routing_key, last_error, exchange, properties, "
        "body_hash, body FROM iso_messages ORDER BY seq");
    std::vector<StoreRow> all;
    while (row.step()) {
      const auto text = [&](int column) {
        return row.is_null(column) ? std::nullopt : std::optional<std::string>(row.text(column));
      };
      StoreRow& one = all.emplace_back();
      one.seq = row.integer(0);
      one.queue = row.text(1);
      one.state = row.integer(2);
      one.state_ms = row.integer(3);
      one.created_ms = row.integer(4);
      one.attempts = row.integer(5);
      one.redeliveries = row.integer(6);
      one.duplicates = row.integer(7);
      one.not_before_ms = row.integer(8);
      if (!row.is_null(9)) one.expires_ms = row.integer(9);
      one.message_id = text(10);
      one.correlation_id = text(11);
      one.key = text(12);
      one.routing_key = text(13);
      one.last_error = text(14);
      one.exchange = row.text(15);
      one.properties = row.text(16);
      one.hash = text(17);
      one.body = row.text(18);
    }
    return all;
  }

  std::int64_t pruned_up_to(const std::string& queue) const {
    return open_store_reader(small.url())->pruned_up_to(queue);
  }

  std::size_t claims() const {
    return static_cast<std::size_t>(application->integer("SELECT count(*) FROM iso_claims"));
  }

  SmallStore small;
  std::unique_ptr<sqlite::Database> application =
      std::make_unique<sqlite::Database>(small.path(), sqlite::Database::Open::existing);
};

}  // namespace iso::test
