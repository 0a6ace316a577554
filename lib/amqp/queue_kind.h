#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "amqp/connection.h"

namespace iso::amqp {

enum class QueueKind { classic, quorum, stream };

// Asks of what kind a queue is, without rights to more than consuming, and before anything is delivered: only
// a stream takes a consumer with an offset, and the broker's refusal names what else the queue is. A queue
// that is missing or held by another, and a kind that is not named, counts as classic.
QueueKind ask_queue_kind(Connection& connection, const std::string& queue);

// The same; nothing if the broker does not name a kind.
std::optional<QueueKind> ask_named_kind(Connection& connection, const std::string& queue);

// The kind that is named in the broker's refusal of an offset.
QueueKind kind_in_refusal(std::string_view text);

// Whether a message that is shown and given back counts as delivered, so that a delivery limit drops it in
// the end: quorum queues do, until RabbitMQ 4.3. `version` is the server's, "3.10.8".
bool looking_counts(QueueKind kind, std::string_view version);

}  // namespace iso::amqp
