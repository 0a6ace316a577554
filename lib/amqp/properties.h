#pragma once

#include "amqp/connection.h"
#include "record/record.h"

namespace iso::amqp {

// A record's properties as AMQP's. They point into `record` and `pool`.
amqp_basic_properties_t properties_of(const Record& record, Pool& pool);

// A field table as AMQP's. It points into `table` and `pool`.
amqp_table_t table_of(const FieldTable& table, Pool& pool);

// Whether RabbitMQ takes these headers. It closes the connection over a nan or an infinity, which Erlang does
// not have.
bool can_be_carried(const FieldTable& headers);

// Sets in `record` what is there of `properties`, copied; the headers last. Throws ErrorKind::data for
// headers that are nested too deep.
void read_properties(Record& record, const amqp_basic_properties_t& properties);

}  // namespace iso::amqp
