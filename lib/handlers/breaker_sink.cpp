#include "handlers/breaker_sink.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace iso::handlers {
namespace {

constexpr Ticket kAll = std::numeric_limits<Ticket>::max();

breaker::CallEnd end_of(DeliveryStatus status) {
  switch (status) {
    case DeliveryStatus::confirmed:
      return breaker::CallEnd::success;
    case DeliveryStatus::deferred:
    case DeliveryStatus::rejected:
    case DeliveryStatus::returned:
    case DeliveryStatus::nacked:
      return breaker::CallEnd::failure;
    case DeliveryStatus::untried:
    case DeliveryStatus::unconfirmed:
      break;
  }
  return breaker::CallEnd::neutral;
}

}  // namespace

BreakerSink::BreakerSink(std::unique_ptr<Sink> handler, breaker::Breaker& breaker, BreakerSinkOptions options)
    : handler_(std::move(handler)), breaker_(breaker), options_(std::move(options)) {}

void BreakerSink::put(Ticket ticket, const Record& record) {
  held_.push_back({ticket, &record});
}

void BreakerSink::flush() {
  hand_over();
  handler_->flush();
}

void BreakerSink::hand_over() {
  while (!held_.empty() && calls_.size() < options_.at_once) {
    breaker::Admission admission = breaker_.admit(options_.circuit);
    if (!admission) {
      give_back(kAll);
      return;
    }
    const Held next = held_.front();
    held_.pop_front();
    calls_.emplace(next.ticket, std::move(admission));
    handler_->put(next.ticket, *next.record);
    if (finished_ && held_.empty()) handler_->finish(false);
  }
}

void BreakerSink::finish(bool begin_nothing) {
  finished_ = true;
  if (begin_nothing) give_back(kAll);
  if (held_.empty()) handler_->finish(begin_nothing);
}

void BreakerSink::withdraw(Ticket up_to) {
  give_back(up_to);
  handler_->withdraw(up_to);
}

void BreakerSink::give_back(Ticket up_to) {
  for (; !held_.empty() && held_.front().ticket <= up_to; held_.pop_front())
    known_.push_back({held_.front().ticket, DeliveryStatus::untried, 0, {}});
}

void BreakerSink::results(std::vector<DeliveryResult>& out) {
  const std::size_t before = out.size();
  handler_->results(out);
  for (std::size_t i = before; i < out.size(); ++i) {
    const auto call = calls_.find(out[i].ticket);
    if (call == calls_.end()) continue;
    const breaker::CallEnd end = end_of(out[i].status);
    breaker_.settle(call->second, {end, out[i].reply_text});
    if (end == breaker::CallEnd::success) told_ = false;
    if (end == breaker::CallEnd::failure)
      told_ = told_ || !breaker_.look(options_.circuit);  // the breaker has reported it
    calls_.erase(call);
  }
  if (out.size() != before) flush();
  move_append(known_, out);
}

Wait BreakerSink::wait() const {
  return known_.empty() ? handler_->wait() : Wait(std::chrono::milliseconds(0));
}

Demand BreakerSink::demand() {
  const breaker::Admission now = breaker_.look(options_.circuit);
  why_none_.clear();
  if (now.decision == breaker::Decision::allow) return Demand::many;
  const bool tries = std::any_of(calls_.begin(), calls_.end(), [](const auto& call) {
    return call.second.decision == breaker::Decision::probe;
  });
  if (tries) return Demand::none;
  if (now.decision == breaker::Decision::probe)
    return held_.empty() && calls_.empty() ? Demand::one : Demand::none;
  why_none_ = breaker::refusal_text(now);
  if (!std::exchange(told_, true)) options_.notice(why_none_);
  return Demand::none;
}

}  // namespace iso::handlers
