#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "record/record.h"
#include "record/route.h"
#include "store/engine.h"
#include "store/inbox_rule.h"

namespace iso::store {

// Which queues take a message, by AMQP's routing.
class Routes {
 public:
  Routes() = default;
  explicit Routes(const Topology& topology);

  std::int64_t version() const { return version_; }  // of the topology that it was made of; -1: of none

  // Null: the queue is no inbox.
  const InboxRule* inbox(std::string_view queue) const;

  // The queues that take a message, each once; they live as long as this. Nothing if there is no such
  // exchange.
  std::optional<std::set<std::string_view>> queues_for(const Record& record) const;

 private:
  struct Bound {
    std::string queue, key;
    FieldTable arguments;
  };

  std::int64_t version_ = -1;
  std::map<std::string, ExchangeType, std::less<>> exchanges_;
  std::set<std::string, std::less<>> queues_;
  std::map<std::string, InboxRule, std::less<>> inboxes_;
  std::map<std::string, std::vector<Bound>, std::less<>> bindings_;  // by exchange
};

}  // namespace iso::store
