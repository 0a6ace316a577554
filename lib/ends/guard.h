#pragma once

#include <string>

namespace iso {

class Breaker;

// The circuit breaker that asks before a connection is made; none guards nothing.
struct Guard {
  Breaker* breaker = nullptr;  // outlives the end
  std::string name;  // of its circuits, each followed by the address it is about: "shop amqp://host"
};

}  // namespace iso
