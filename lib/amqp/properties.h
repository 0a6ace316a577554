#pragma once

#include <string>
#include <string_view>

#include "amqp/bytes.h"
#include "record/record.h"

namespace iso::amqp {

// Adds a record's properties as a content header has them: flags, then values (section 4.2.6.1).
void write_properties(ByteWriter& out, const Record& record);

// Whether RabbitMQ takes these headers. It closes the connection over a nan or an infinity, which Erlang does
// not have.
bool can_be_carried(const FieldTable& headers);

// Sets in `record` what `properties` hold: flags and values. Gives why not all of it is there, or "": headers
// that are nested too deep are left out. Throws ErrorKind::unavailable for what is not well formed.
std::string read_properties(Record& record, std::string_view properties);

}  // namespace iso::amqp
