#include "amqp/declare.h"

#include <fmt/core.h>

#include "base/error.h"

namespace iso::amqp {
namespace {

constexpr int kPreconditionFailed = 406;  // AMQP 0-9-1 section 1.2

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

}  // namespace iso::amqp
