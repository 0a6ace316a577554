#include "amqp/source_setup.h"

#include <fmt/core.h>

#include "amqp/declare.h"
#include "base/error.h"
#include "base/integer.h"
#include "record/binding_kind.h"

namespace iso::amqp {
namespace {

bool is_missing(const Connection::Answer& answer) {
  return answer && answer->code == kNotFound;
}

// Another connection has the queue for itself (405), or another consumer (403, which else is a permission).
bool is_held_by_another(const Refusal& refusal) {
  return refusal.code == kResourceLocked || refusal.text.find("in exclusive use") != std::string::npos;
}

OpenedQueue find_queue(Connection& connection, const SourceOptions& options) {
  Connection::Queue queue;
  if (options.queue.empty()) {
    must(connection,
         connection.declare_queue(
             "", {.exclusive = true, .auto_delete = true, .arguments = &options.queue_arguments}, queue),
         "");
    options.notice(fmt::format("listening on the private queue {}", queue.name));
    return {queue.name, queue.messages, QueueKind::classic};
  }
  const auto refusal = connection.declare_queue(options.queue, {.passive = true}, queue);
  const bool must_compare = !refusal && !options.queue_arguments.empty();
  if (options.declare && (is_missing(refusal) || must_compare)) {
    must(connection, declare_durable(connection, options.queue, options.queue_arguments, queue),
         options.queue);
  } else if (is_missing(refusal)) {
    throw Error(ErrorKind::missing, fmt::format("no queue \"{}\" at {}; create it with --declare",
                                                options.queue, connection.name()));
  } else {
    must(connection, refusal, options.queue);
  }
  return {queue.name, queue.messages, ask_queue_kind(connection, options.queue)};
}

bool exchange_exists(Connection& connection, const std::string& name) {
  return !is_missing(connection.declare_exchange(name, "direct", true));
}

// The broker tells the type of an exchange only in its refusal to declare it with another type. The exchange
// must exist, or this would create it. "" if we may not ask.
std::string type_of_exchange(Connection& connection, const std::string& name) {
  constexpr std::string_view kReserved = "amq.";  // which nobody may declare: section 3.1.3
  if (name.starts_with(kReserved)) return name.substr(kReserved.size());
  const auto refusal = connection.declare_exchange(name, "direct", false);
  if (!refusal) return "direct";
  constexpr std::string_view kType = "inequivalent arg 'type'", kIs = "current is '";
  const std::string& text = refusal->text;
  if (text.find("inequivalent arg") == text.npos) return "";
  if (text.find(kType) == text.npos) return "direct";  // durable or not
  const auto from = text.find(kIs);
  if (from == text.npos) return "";
  const auto start = from + kIs.size();
  return text.substr(start, text.find('\'', start) - start);
}

void bind(Connection& connection, const std::string& queue, const Binding& asked,
          const SourceOptions& options) {
  const Binding binding =
      existing_reading(asked, [&](const std::string& name) { return exchange_exists(connection, name); });
  const bool exists = exchange_exists(connection, binding.exchange);
  if (!exists && !options.declare) throw_no_exchange("at " + connection.name(), binding);
  std::string type(exchange_kind_for(binding.routing_key));
  if (!exists)
    must(connection, connection.declare_exchange(binding.exchange, type, false), binding.exchange);
  else if (!binding.has_key)
    type = type_of_exchange(connection, binding.exchange);
  if (const auto text = deaf_binding_text(binding, type); !text.empty()) options.notice(text);
  must(connection, connection.bind(queue, binding.exchange, key_for(binding, type)), binding.exchange);
}

[[noreturn]] void refuse_look(const OpenedQueue& queue, const SourceOptions& options) {
  const bool can_be_told = !options.peek_all && !options.relay;
  throw Error(
      ErrorKind::usage,
      fmt::format(
          "\"{}\" is a quorum queue: each look counts as a delivery of every message shown, and after "
          "its delivery limit, 20 by default, the broker drops it; {}",
          queue.name,
          can_be_told ? std::string("--peek=counted looks all the same")
                      : fmt::format("take the messages to a store first: iso listen {} --inbox "
                                    "sqlite:PATH --drain",
                                    queue.name)));
}

}  // namespace

void must(const Connection& connection, const Connection::Answer& answer, std::string_view name) {
  if (!answer) return;
  if (answer->code == kNotFound)
    throw Error(ErrorKind::missing,
                fmt::format("no queue or exchange \"{}\": {}; create what is missing with --declare", name,
                            answer->text));
  if (is_held_by_another(*answer))
    throw Error(ErrorKind::unavailable,
                fmt::format("{}: another connection has the queue \"{}\" for itself: {}", connection.name(),
                            name, answer->text));
  throw Error(answer->code == kAccessRefused ? ErrorKind::refused : ErrorKind::unavailable,
              fmt::format("{}: {}", connection.name(), answer->text));
}

// It does so when its queue is deleted, but also when the queue's node goes down or its leader moves. Which
// it was shows in whether the queue is there.
void throw_consumer_ended(Connection& connection, const std::string& queue) {
  Connection::Queue found;
  const auto refusal = connection.declare_queue(queue, {.passive = true}, found);
  if (is_missing(refusal))
    throw Error(ErrorKind::missing, fmt::format("the queue \"{}\" was deleted", queue));
  throw Error(ErrorKind::unavailable, fmt::format("{}: the broker cancelled the consumer of the queue \"{}\"",
                                                  connection.name(), queue));
}

void wait_for_settlements(Connection& connection, const std::string& queue) {
  Connection::Queue found;
  connection.declare_queue(queue, {.passive = true}, found);
}

std::optional<std::chrono::milliseconds> consumer_timeout_in(std::string_view text) {
  constexpr std::string_view kUsed = " used: ";
  if (text.find("acknowledgement") == text.npos || text.find("timed out") == text.npos) return std::nullopt;
  const auto at = text.find(kUsed);
  if (at == text.npos) return std::nullopt;
  text.remove_prefix(at + kUsed.size());
  const auto limit = take_integer<std::int64_t>(text);
  if (!limit || *limit <= 0) return std::nullopt;
  return std::chrono::milliseconds(*limit);
}

OpenedQueue open_queue(Connection& connection, const SourceOptions& options) {
  const OpenedQueue queue = find_queue(connection, options);
  if (options.peek && !options.peek_counted && looking_counts(queue.kind, connection.server_version()))
    refuse_look(queue, options);
  for (const Binding& binding : options.bindings) bind(connection, queue.name, binding, options);
  return queue;
}

}  // namespace iso::amqp
