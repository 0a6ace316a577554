#include "store/routes.h"

namespace iso::store {
namespace {

std::string_view text_of(const Record::Text& text) {
  return text ? std::string_view(*text) : std::string_view();
}

}  // namespace

Routes::Routes(const Topology& topology)
    : version_(topology.version), queues_(topology.queues.begin(), topology.queues.end()) {
  for (const auto& [name, type] : topology.exchanges) exchanges_.emplace(name, exchange_type_of(type));
  for (const auto& [queue, key] : topology.inboxes)
    inboxes_.emplace(queue, InboxRule(key.empty() ? std::nullopt : std::optional<Pointer>(key)));
  for (const auto& [exchange, queue, key, arguments] : topology.bindings)
    bindings_[exchange].push_back({queue, key, read_fields(arguments)});
}

const InboxRule* Routes::inbox(std::string_view queue) const {
  const auto rule = inboxes_.find(queue);
  return rule == inboxes_.end() ? nullptr : &rule->second;
}

std::optional<std::set<std::string_view>> Routes::queues_for(const Record& record) const {
  std::set<std::string_view> queues;
  const auto exchange = text_of(record.exchange), key = text_of(record.routing_key);
  if (exchange.empty()) {
    if (const auto queue = queues_.find(key); queue != queues_.end()) queues.insert(*queue);
    return queues;
  }
  const auto type = exchanges_.find(exchange);
  if (type == exchanges_.end()) return std::nullopt;
  static const FieldTable kNone;
  if (const auto bound = bindings_.find(exchange); bound != bindings_.end())
    for (const auto& binding : bound->second)
      if (routes(type->second, binding.key, binding.arguments, key, record.headers ? *record.headers : kNone))
        queues.insert(binding.queue);
  return queues;
}

}  // namespace iso::store
