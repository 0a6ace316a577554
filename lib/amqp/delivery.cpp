#include "amqp/delivery.h"

#include <algorithm>
#include <optional>

#include "amqp/connection.h"
#include "amqp/properties.h"
#include "base/clock.h"
#include "base/error.h"

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

void DeliveryAssembler::begin(const amqp_basic_deliver_t& method, std::string_view queue) {
  tag_ = method.delivery_tag;
  record_ = Record();
  why_unreadable_.clear();
  record_.exchange = view(method.exchange);
  record_.routing_key = view(method.routing_key);
  record_.queue = queue;
  record_.redelivered = method.redelivered != 0;
}

bool DeliveryAssembler::add(const amqp_frame_t& frame) {
  if (frame.frame_type == AMQP_FRAME_HEADER) {
    try {
      read_properties(record_, *static_cast<amqp_basic_properties_t*>(frame.payload.properties.decoded));
    } catch (const Error& error) {
      why_unreadable_ = error.what();
    }
    body_left_ = frame.payload.properties.body_size;
    record_.body.reserve(std::min(body_left_, kReserveAtMost));
  } else if (frame.frame_type == AMQP_FRAME_BODY) {
    record_.body.append(view(frame.payload.body_fragment));
    body_left_ -= std::min<std::uint64_t>(body_left_, frame.payload.body_fragment.len);
  } else {
    return false;
  }
  return body_left_ == 0 && finish();
}

bool DeliveryAssembler::finish() {
  record_.body_kind = body_kind_of(record_.body);
  record_.delivery_count = delivery_count_of(record_);
  record_.received_at = system_clock().wall().time_since_epoch().count();
  return true;
}

}  // namespace iso::amqp
