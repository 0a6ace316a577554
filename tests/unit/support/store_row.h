#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace iso::test {

// A row of a queue with all its columns, as an application would write or read it. Times are in milliseconds
// since the epoch.
struct StoreRow {
  std::string queue = "q", body = "1";
  std::int64_t seq = 0;  // 0: the next
  std::int64_t state = 0, state_ms = 1, created_ms = 1, attempts = 0, redeliveries = 0, duplicates = 0;
  std::int64_t not_before_ms = 0;
  std::optional<std::int64_t> expires_ms;
  std::optional<std::string> message_id, correlation_id, key, routing_key, hash, last_error;
  std::string exchange, properties = "{}";
};

}  // namespace iso::test
