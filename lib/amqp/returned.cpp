#include "amqp/returned.h"

#include <algorithm>

#include "amqp/properties.h"

namespace iso::amqp {
namespace {

bool same_text(const Record::Text& one, const Record::Text& other) {
  return one.value_or("") == other.value_or("");
}

// An empty table and none are one on the wire.
bool same_headers(const Record& one, const Record& other) {
  const auto none = [](const Record& record) { return !record.headers || record.headers->empty(); };
  return none(one) ? none(other) : !none(other) && *one.headers == *other.headers;
}

bool same_properties(const Record& sent, const Record& back) {
  for (const auto& field : kTextFields) {
    if (field.member == &Record::direct_name || field.member == &Record::queue) continue;
    if (!same_text(sent.*field.member, back.*field.member)) return false;
  }
  return same_text(sent.expiration, back.expiration) && sent.priority == back.priority &&
         sent.timestamp == back.timestamp &&
         sent.persistent.value_or(true) == back.persistent.value_or(false) && same_headers(sent, back);
}

}  // namespace

void ReturnedMessage::begin(const BasicReturn& method) {
  why = {method.code, std::string(method.text)};
  record_ = Record();
  record_.exchange = method.exchange;
  record_.routing_key = method.routing_key;
  open_ = true;
}

bool ReturnedMessage::add(const Frame& frame) {
  if (const auto* header = std::get_if<ContentHeader>(&frame)) {
    read_properties(record_, header->properties);  // of headers nested too deep, the rest must do
    body_left_ = header->body_size;
  } else if (const auto* body = std::get_if<ContentBody>(&frame)) {
    record_.body.append(body->bytes);
    body_left_ -= std::min<std::uint64_t>(body_left_, body->bytes.size());
  } else {
    return false;
  }
  open_ = body_left_ != 0;
  return !open_;
}

// A plugin of the broker may have changed headers on the way, or taken one out (BCC), so what is not alike in
// all of it may still be the one.
int ReturnedMessage::likeness(const Record& sent) const {
  if (!same_text(sent.exchange, record_.exchange) || !same_text(sent.routing_key, record_.routing_key))
    return 0;
  return 1 + (same_text(sent.message_id, record_.message_id) ? 4 : 0) + (sent.body == record_.body ? 2 : 0) +
         (same_properties(sent, record_) ? 1 : 0);
}

}  // namespace iso::amqp
