#include "amqp/delivery.h"

#include <algorithm>
#include <optional>

#include "amqp/properties.h"
#include "base/clock.h"

namespace iso::amqp {
namespace {

constexpr std::uint64_t kReserveAtMost = 1 << 24;  // a size that is only claimed takes no more memory

std::optional<std::uint64_t> delivery_count_of(const Record& record) {
  if (!record.headers) return std::nullopt;
  for (const auto& [name, field] : *record.headers)
    if (const auto* count = std::get_if<std::int64_t>(&field.value);
        count && name == "x-delivery-count" && *count >= 0)
      return static_cast<std::uint64_t>(*count);
  return std::nullopt;
}

}  // namespace

void DeliveryAssembler::begin(const BasicDeliver& method, std::string_view queue) {
  tag_ = method.tag;
  record_ = Record();
  why_unreadable_.clear();
  record_.exchange = method.exchange;
  record_.routing_key = method.routing_key;
  record_.queue = queue;
  record_.redelivered = method.redelivered;
}

bool DeliveryAssembler::add(const Frame& frame) {
  if (const auto* header = std::get_if<ContentHeader>(&frame)) {
    why_unreadable_ = read_properties(record_, header->properties);
    body_left_ = header->body_size;
    record_.body.reserve(std::min(body_left_, kReserveAtMost));
  } else if (const auto* body = std::get_if<ContentBody>(&frame)) {
    record_.body.append(body->bytes);
    body_left_ -= std::min<std::uint64_t>(body_left_, body->bytes.size());
  } else {
    return false;
  }
  return body_left_ == 0 && finish();
}

std::unique_ptr<BadInput> DeliveryAssembler::bad_input(std::uint64_t number) const {
  if (why_unreadable_.empty()) return nullptr;
  return std::make_unique<BadInput>(BadInput{number, 0, 0, why_unreadable_, {}});
}

bool DeliveryAssembler::finish() {
  record_.body_kind = body_kind_of(record_.body);
  record_.delivery_count = delivery_count_of(record_);
  record_.received_at = system_clock().wall().time_since_epoch().count();
  return true;
}

}  // namespace iso::amqp
