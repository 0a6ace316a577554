#include "amqp/nacked.h"

#include <algorithm>
#include <utility>

#include "base/backoff.h"

namespace iso::amqp {
namespace {

constexpr Backoff kPause{std::chrono::milliseconds(100), std::chrono::milliseconds(2000)};

}  // namespace

// A short string has no zero byte that would make two destinations one: RabbitMQ wants UTF-8 of names, and
// the length is in front of the rest.
std::string NackedMessages::destination(const Record& record) {
  const std::string_view exchange = record.exchange ? std::string_view(*record.exchange) : "";
  const std::string_view key = record.routing_key ? std::string_view(*record.routing_key) : "";
  std::string both = std::to_string(exchange.size());
  return both.append(":").append(exchange).append(key);
}

bool NackedMessages::keep(Message message, Clock::Steady now) {
  if (refused_since_.size() >= kDestinations) refused_since_.clear();
  const auto since = refused_since_.try_emplace(destination(*message.record), now).first->second;
  if (now - since >= refused_for_) return false;
  messages_.push_back(message);
  return true;
}

void NackedMessages::confirmed(const Record& record) {
  if (refused_since_.empty()) return;
  refused_since_.erase(destination(record));
  tries_ = 0;
}

std::vector<NackedMessages::Message> NackedMessages::give_up() {
  refused_for_ = std::chrono::milliseconds(0);
  return take();
}

std::chrono::milliseconds NackedMessages::pause(double random) {
  return backoff_delay(kPause, ++tries_, random);
}

std::vector<NackedMessages::Message> NackedMessages::take() {
  std::sort(messages_.begin(), messages_.end(),
            [](const Message& one, const Message& other) { return one.ticket < other.ticket; });
  return std::exchange(messages_, {});
}

}  // namespace iso::amqp
