#pragma once

#include <array>
#include <string_view>

#include "record/record.h"

namespace iso {

// The headers that RabbitMQ adds when it redelivers or dead-letters. They describe a message's way through
// one broker: if they are published again, a replay is dropped as a cycle, and a first delivery looks like a
// later one.
// The last one is a store's own: why a message failed last.
inline constexpr std::string_view kLastError = "x-last-error";
inline constexpr std::array<std::string_view, 10> kBrokerHeaders{"x-death",
                                                                 "x-first-death-exchange",
                                                                 "x-first-death-queue",
                                                                 "x-first-death-reason",
                                                                 "x-delivery-count",
                                                                 "x-last-death-exchange",
                                                                 "x-last-death-queue",
                                                                 "x-last-death-reason",
                                                                 "x-acquired-count",
                                                                 kLastError};

// Removes them from the record; headers that become empty are unset.
void drop_broker_headers(Record& record);

}  // namespace iso
