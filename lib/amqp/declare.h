#pragma once

#include <string>

#include "amqp/connection.h"
#include "record/field.h"

namespace iso::amqp {

// Creates a durable queue with these arguments, or finds that there is one that has them. Throws
// ErrorKind::config if there is one that has others, or if the broker does not take them.
Connection::Answer declare_durable(Connection& connection, const std::string& name,
                                   const FieldTable& arguments, Connection::Queue& queue);

}  // namespace iso::amqp
