#include "amqp/queue_kind.h"

#include <utility>

#include "base/integer.h"

namespace iso::amqp {
namespace {

// "3.10.8" as 3 and 10; what cannot be read is 0.
std::pair<int, int> major_and_minor(std::string_view version) {
  const int major = take_integer<int>(version).value_or(0);
  if (!version.starts_with('.')) return {major, 0};
  version.remove_prefix(1);
  return {major, take_integer<int>(version).value_or(0)};
}

}  // namespace

QueueKind kind_in_refusal(std::string_view text) {
  return text.find("rabbit_quorum_queue") != text.npos ? QueueKind::quorum : QueueKind::classic;
}

QueueKind ask_queue_kind(Connection& connection, const std::string& queue) {
  return ask_named_kind(connection, queue).value_or(QueueKind::classic);
}

std::optional<QueueKind> ask_named_kind(Connection& connection, const std::string& queue) {
  const FieldTable offset{{"x-stream-offset", Field{std::string("next")}}};
  const auto refusal = connection.consume(queue, {.prefetch = 1, .arguments = &offset});
  if (refusal) {
    if (refusal->text.find("queue type rabbit_") == std::string::npos) return std::nullopt;
    return kind_in_refusal(refusal->text);
  }
  connection.cancel_and_wait();
  return QueueKind::stream;
}

bool looking_counts(QueueKind kind, std::string_view version) {
  return kind == QueueKind::quorum && major_and_minor(version) < std::pair(4, 3);
}

}  // namespace iso::amqp
