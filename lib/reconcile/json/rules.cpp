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

// One that is new follows what holds for all.
Rule& child(Rule& rule, std::string_view name) {
  for (auto& [known, below] : rule.below)
    if (known == name) return below;
  return rule.below
      .emplace_back(Rule::Place{std::string(name), rule.others.empty() ? Rule{} : rule.others[0]})
      .rule;
}

Rule& all_others(Rule& rule) {
  return rule.others.empty() ? rule.others.emplace_back() : rule.others.front();
}

}  // namespace

const Rule* Rule::find(std::string_view name) const {
  for (const auto& [known, rule] : below)
    if (known == name) return &rule;
  return of_others();
}

Rule& Rule::at(const std::vector<std::string>& tokens) {
  Rule* rule = this;
  for (const auto& token : tokens) rule = &child(*rule, token);
  return *rule;
}

void Rule::change_each(std::span<const std::string> tokens, const std::function<void(Rule&)>& change) {
  if (tokens.empty()) return change(*this);
  const auto rest = tokens.subspan(1);
  if (tokens.front() != "*") return child(*this, tokens.front()).change_each(rest, change);
  all_others(*this).change_each(rest, change);
  for (Place& place : below) place.rule.change_each(rest, change);
}

void compare_only(Rule& rule, std::span<const std::string> tokens) {
  if (tokens.empty()) {
    rule.sought = true;
  } else if (tokens.front() == "*") {
    compare_only(all_others(rule), tokens.subspan(1));
  } else {
    compare_only(child(rule, tokens.front()), tokens.subspan(1));
    all_others(rule).ignored = Rule::Ignored::always;
  }
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
