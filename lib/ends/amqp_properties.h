#pragma once

#include <amqp.h>
#include <amqp_framing.h>

#include "ends/amqp_wire.h"
#include "record/record.h"

namespace iso {

// A record's properties as AMQP's. They point into `record` and `pool`.
amqp_basic_properties_t properties_of(const Record& record, Pool& pool);

// Sets in `record` what is there of `properties`, copied.
void read_properties(Record& record, const amqp_basic_properties_t& properties);

}  // namespace iso
