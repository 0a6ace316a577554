#pragma once

#include <optional>
#include <string>

#include "record/record.h"

namespace iso {

// Where a message was when RabbitMQ dead-lettered it for the first time, by its header x-death.
struct Death {
  std::string exchange, routing_key;  // that it had been published to
  std::string queue, reason;
};

// Nothing if it never was, or the header is not RabbitMQ's.
std::optional<Death> first_death(const Record& record);

}  // namespace iso
