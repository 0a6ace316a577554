#include "record/queue_arguments.h"

#include <algorithm>
#include <array>
#include <fmt/core.h>
#include <vector>

#include "base/suggest.h"

namespace iso {
namespace {

enum class Takes { text, number, flag };

struct Argument {
  std::string_view name;
  Takes takes;
};

// Those of RabbitMQ 3.10 to 4.1, for queues of any type.
constexpr std::array kArguments{
    Argument{kQueueType, Takes::text},
    Argument{"x-message-ttl", Takes::number},
    Argument{"x-expires", Takes::number},
    Argument{"x-max-length", Takes::number},
    Argument{"x-max-length-bytes", Takes::number},
    Argument{"x-overflow", Takes::text},
    Argument{"x-dead-letter-exchange", Takes::text},
    Argument{"x-dead-letter-routing-key", Takes::text},
    Argument{"x-dead-letter-strategy", Takes::text},
    Argument{"x-single-active-consumer", Takes::flag},
    Argument{"x-max-priority", Takes::number},
    Argument{"x-queue-mode", Takes::text},
    Argument{"x-queue-version", Takes::number},
    Argument{"x-queue-master-locator", Takes::text},
    Argument{"x-queue-leader-locator", Takes::text},
    Argument{"x-delivery-limit", Takes::number},
    Argument{"x-quorum-initial-group-size", Takes::number},
    Argument{"x-quorum-target-group-size", Takes::number},
    Argument{"x-max-in-memory-length", Takes::number},
    Argument{"x-max-in-memory-bytes", Takes::number},
    Argument{"x-initial-cluster-size", Takes::number},
    Argument{"x-max-age", Takes::text},
    Argument{"x-stream-max-segment-size-bytes", Takes::number},
    Argument{"x-stream-filter-size-bytes", Takes::number},
};

constexpr std::array<std::string_view, 3> kTypes{"classic", "quorum", "stream"};

template <class... Types>
bool is_one_of(const Field::Value& value) {
  return (std::holds_alternative<Types>(value) || ...);
}

bool fits(const Field::Value& value, Takes takes) {
  switch (takes) {
    case Takes::text:
      return is_one_of<std::string>(value);
    case Takes::number:
      return is_one_of<std::int8_t, std::uint8_t, std::int16_t, std::uint16_t, std::int32_t, std::uint32_t,
                       std::int64_t, std::uint64_t>(value);
    case Takes::flag:
      return is_one_of<bool>(value);
  }
  return false;
}

std::string_view in_words(Takes takes) {
  switch (takes) {
    case Takes::text:
      return "text";
    case Takes::number:
      return "a whole number";
    case Takes::flag:
      return "true or false";
  }
  return "";
}

std::string meant(std::string_view nearest) {
  return nearest.empty() ? "" : fmt::format("; did you mean \"{}\"?", nearest);
}

std::optional<std::string> fault_of_type(std::string_view type) {
  if (std::find(kTypes.begin(), kTypes.end(), type) != kTypes.end()) return std::nullopt;
  return fmt::format("no type of queue is called \"{}\"; there are classic, quorum and stream{}", type,
                     meant(nearest(type, kTypes)));
}

}  // namespace

std::optional<std::string> fault_of_queue_argument(std::string_view name, const Field& value) {
  const auto* known = std::find_if(kArguments.begin(), kArguments.end(),
                                   [&](const Argument& argument) { return argument.name == name; });
  if (known == kArguments.end()) {
    std::vector<std::string_view> names;
    for (const Argument& argument : kArguments) names.push_back(argument.name);
    const auto near = nearest(name.starts_with("x-") ? std::string(name) : fmt::format("x-{}", name), names);
    if (near.empty()) return std::nullopt;
    return fmt::format("no argument of a queue is called \"{}\"{}", name, meant(near));
  }
  if (!fits(value.value, known->takes)) return fmt::format("{} is {}", name, in_words(known->takes));
  if (name == kQueueType) return fault_of_type(std::get<std::string>(value.value));
  return std::nullopt;
}

}  // namespace iso
