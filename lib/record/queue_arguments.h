#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "record/field.h"

namespace iso {

inline constexpr std::string_view kQueueType = "x-queue-type";

// What is wrong with an argument of a queue that is to be created, or nothing: a name that is nearly one of
// RabbitMQ's, or a value that RabbitMQ does not take for it. Names that are like none of them are a plugin's,
// and pass.
std::optional<std::string> fault_of_queue_argument(std::string_view name, const Field& value);

}  // namespace iso
