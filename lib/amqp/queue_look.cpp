#include "amqp/queue_look.h"

#include "amqp/queue_kind.h"
#include "amqp/source_setup.h"

namespace iso::amqp {

QueueLook QueueLooker::look(const std::string& queue) {
  Connection::Queue found;
  const auto refusal = connection_.declare_queue(queue, {.passive = true}, found);
  if (!refusal) return {QueueLook::State::there, found.messages, found.consumers};
  if (refusal->code == kNotFound) return {QueueLook::State::missing, 0, 0};
  if (refusal->code == kResourceLocked) return {QueueLook::State::held, 0, 0};
  must(connection_, refusal, queue);
  return {};
}

std::string_view QueueLooker::kind_of(const std::string& queue) {
  const auto known = kinds_.find(queue);
  if (known != kinds_.end()) return known->second;
  const auto kind = ask_named_kind(connection_, queue);
  const std::string_view name = !kind                        ? ""
                                : *kind == QueueKind::quorum ? "quorum"
                                : *kind == QueueKind::stream ? "stream"
                                                             : "classic";
  return kinds_.emplace(queue, name).first->second;
}

void QueueLooker::keep_alive() {
  for (Frame frame; connection_.next_frame(frame);) {
  }
  connection_.keep_alive();
  connection_.write_some();
}

}  // namespace iso::amqp
