#include "amqp/declare.h"

#include <fmt/core.h>

#include "base/error.h"

namespace iso::amqp {
namespace {

constexpr int kPreconditionFailed = 406;  // AMQP 0-9-1 section 1.2

bool missing(const Connection::Answer& answer) {
  return answer && answer->code == kNotFound;
}

}  // namespace

Connection::Answer declare_durable(Connection& connection, const std::string& name,
                                   const FieldTable& arguments, Connection::Queue& queue) {
  auto answer = connection.declare_queue(name, {.durable = true, .arguments = &arguments}, queue);
  if (!answer || answer->code != kPreconditionFailed) return answer;
  const bool differs = answer->text.find("inequivalent arg") != std::string::npos;
  throw Error(ErrorKind::config,
              fmt::format("{}: {}: {}", connection.name(),
                          differs ? fmt::format("the queue \"{}\" exists with other arguments, which cannot "
                                                "be changed; without any it is used as it is",
                                                name)
                                  : fmt::format("the queue \"{}\" cannot have these arguments", name),
                          answer->text));
}

void must(const Connection& connection, const Connection::Answer& answer) {
  if (answer)
    throw Error(answer->code == kAccessRefused ? ErrorKind::refused : ErrorKind::config,
                fmt::format("{}: {}", connection.name(), answer->text));
}

void prepare_topology(Connection& connection, const SinkOptions& options) {
  if (!options.direct_name.empty() &&
      missing(connection.declare_exchange(options.direct_name, "direct", true)))
    must(connection, connection.declare_exchange(options.direct_name, "direct", false));
  if (options.queue.empty()) return;
  Connection::Queue queue;
  const bool is_missing = missing(connection.declare_queue(options.queue, {.passive = true}, queue));
  if (is_missing || !options.queue_arguments.empty())
    must(connection, declare_durable(connection, options.queue, options.queue_arguments, queue));
  if (!options.exchange.empty())
    must(connection, connection.bind(options.queue, options.exchange, options.routing_key));
}

}  // namespace iso::amqp
