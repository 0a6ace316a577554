#pragma once

#include <string>

#include "amqp/connection.h"
#include "pump/end_options.h"
#include "record/field.h"

namespace iso::amqp {

// Creates a durable queue with these arguments, or finds that there is one that has them. Throws
// ErrorKind::config if there is one that has others, or if the broker does not take them.
Connection::Answer declare_durable(Connection& connection, const std::string& name,
                                   const FieldTable& arguments, Connection::Queue& queue);

// Throws a refusal: ErrorKind::refused, or ErrorKind::config.
void must(const Connection& connection, const Connection::Answer& answer);

// Creates what a publisher's settings name, and uses what is there as it is. Throws as must().
void prepare_topology(Connection& connection, const SinkOptions& options);

}  // namespace iso::amqp
