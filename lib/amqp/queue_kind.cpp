#include "amqp/queue_kind.h"

#include <charconv>
#include <utility>

namespace iso::amqp {
namespace {

// "3.10.8" as 3 and 10; what cannot be read is 0.
std::pair<int, int> major_and_minor(std::string_view version) {
  int major = 0, minor = 0;
  const char* const end = version.data() + version.size();
  const auto first = std::from_chars(version.data(), end, major);
  if (first.ptr != end && *first.ptr == '.') std::from_chars(first.ptr + 1, end, minor);
  return {major, minor};
}

}  // namespace

QueueKind kind_in_refusal(std::string_view text) {
  return text.find("rabbit_quorum_queue") != text.npos ? QueueKind::quorum : QueueKind::classic;
}

QueueKind ask_queue_kind(Connection& connection, const std::string& queue) {
  const FieldTable offset{{"x-stream-offset", Field{std::string("next")}}};
  const auto refusal = connection.consume(queue, {.prefetch = 1, .arguments = &offset});
  if (refusal) return kind_in_refusal(refusal->text);
  connection.cancel_and_wait();
  return QueueKind::stream;
}

bool looking_counts(QueueKind kind, std::string_view version) {
  return kind == QueueKind::quorum && major_and_minor(version) < std::pair(4, 3);
}

}  // namespace iso::amqp
