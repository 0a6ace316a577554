#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "amqp/connection.h"
#include "amqp/queue_kind.h"
#include "pump/end_options.h"

namespace iso::amqp {

// The queue that a source takes from, once it is there.
struct OpenedQueue {
  std::string name;
  std::uint32_t messages = 0;  // ready, by the broker's count
  QueueKind kind = QueueKind::classic;
};

// Finds the queue, or creates it if the options say so, binds it, and asks of what kind it is. Throws
// ErrorKind::missing, refused, unavailable (also for what another connection holds for itself), or usage for
// a look that would cost messages.
OpenedQueue open_queue(Connection& connection, const SourceOptions& options);

// Throws what a refusal means for a consumer of `name`.
void must(const Connection& connection, const Connection::Answer& answer, std::string_view name);

// Throws why the broker has ended a consumer of this queue.
[[noreturn]] void throw_consumer_ended(Connection& connection, const std::string& queue);

// Waits until the broker has worked on all that was settled: it answers in order. That the queue has gone is
// an answer, too.
void wait_for_settlements(Connection& connection, const std::string& queue);

// The consumer_timeout of the broker that has closed a channel over it with this text; nothing if it did so
// over something else.
std::optional<std::chrono::milliseconds> consumer_timeout_in(std::string_view text);

}  // namespace iso::amqp
