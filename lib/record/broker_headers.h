#pragma once

#include <array>
#include <string_view>

#include "record/record.h"

namespace iso {

// The headers that RabbitMQ adds when it delivers again or dead-letters. They tell of one message's way
// through one broker: with them a replay is dropped as a cycle, and a first delivery seems to be a later one.
inline constexpr std::array<std::string_view, 9> kBrokerHeaders{
    "x-death",          "x-first-death-exchange", "x-first-death-queue", "x-first-death-reason",
    "x-delivery-count", "x-last-death-exchange",  "x-last-death-queue",  "x-last-death-reason",
    "x-acquired-count"};

// Takes them out of the record; headers of which nothing is left are unset.
void drop_broker_headers(Record& record);

}  // namespace iso
