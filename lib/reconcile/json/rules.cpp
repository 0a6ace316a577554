#include "reconcile/json/rules.h"

#include <algorithm>
#include <array>

#include "record/broker_headers.h"
#include "record/members.h"

namespace iso::reconcile {
namespace {

constexpr std::array<std::string_view, 13> kDeliveryFields{
    "exchange",  "direct_name", "queue",      "queue_arguments", "routing_key",
    "mandatory", "persistent",  "expiration", "redelivered",     "delivery_count",
    "offset",    "received_at", "fetch"};

void ignore_in_messages(Rule& rule) {
  if (rule.ignored == Rule::Ignored::no) rule.ignored = Rule::Ignored::in_messages;
}

Rule& child(Rule& rule, std::string_view name) {
  for (auto& [known, below] : rule.below)
    if (known == name) return below;
  return rule.below.emplace_back(Rule::Place{std::string(name), {}}).rule;
}

}  // namespace

const Rule* Rule::find(std::string_view name) const {
  for (const auto& [known, rule] : below)
    if (known == name) return &rule;
  return nullptr;
}

Rule& Rule::at(const std::vector<std::string>& tokens) {
  Rule* rule = this;
  for (const auto& token : tokens) rule = &child(*rule, token);
  return *rule;
}

void ignore_delivery_fields(Rule& root) {
  for (const auto name : kDeliveryFields) ignore_in_messages(child(root, name));
  Rule& headers = child(root, "headers");
  for (const auto name : kBrokerHeaders) ignore_in_messages(child(headers, name));
}

bool is_for_messages(const Rule& rule) {
  return std::any_of(rule.below.begin(), rule.below.end(),
                     [](const auto& place) { return place.rule.ignored == Rule::Ignored::in_messages; });
}

bool is_message_field(std::string_view name) {
  return is_record_field(name);
}

std::span<const std::string_view> message_fields() {
  return record_fields();
}

bool is_body_field(std::string_view name) {
  return name == "body" || name == "text" || name == "base64";
}

}  // namespace iso::reconcile
