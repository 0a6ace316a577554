#pragma once

#include <string_view>

#include "amqp/bytes.h"
#include "record/field.h"

namespace iso::amqp {

// The entries of a field table (section 4.2.5.5, with the types that RabbitMQ uses), without the length.
struct TableRead {
  FieldTable table;
  bool too_deep = false;  // it was nested deeper than kDeepestHeaders: what is below that is left out
};
// Throws ErrorKind::unavailable for a table that is not well formed, as far as it is read.
TableRead read_table(std::string_view entries);

// With the length.
void write_table(ByteWriter& out, const FieldTable& table);

}  // namespace iso::amqp
