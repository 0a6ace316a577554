#include "ends/guarded_sink.h"

#include <algorithm>
#include <utility>

namespace iso {
namespace {

CallEnd end_of(Fate fate) {
  switch (fate) {
    case Fate::confirmed:
      return CallEnd::success;
    case Fate::deferred:
    case Fate::rejected:
    case Fate::returned:
    case Fate::nacked:
      return CallEnd::failure;
    case Fate::untried:
    case Fate::unconfirmed:
      break;
  }
  return CallEnd::neutral;
}

}  // namespace

GuardedSink::GuardedSink(std::unique_ptr<Sink> handler, Breaker& breaker, GuardedOptions options)
    : handler_(std::move(handler)), breaker_(breaker), options_(std::move(options)) {}

void GuardedSink::put(Ticket ticket, const Record& record) {
  held_.push_back({ticket, &record});
}

void GuardedSink::flush() {
  hand_on();
  handler_->flush();
}

void GuardedSink::hand_on() {
  while (!held_.empty() && calls_.size() < options_.at_once) {
    Admission admission = breaker_.admit(options_.circuit);
    if (!admission) {
      give_back();
      return;
    }
    const Held next = held_.front();
    held_.pop_front();
    calls_.emplace(next.ticket, std::move(admission));
    handler_->put(next.ticket, *next.record);
  }
}

void GuardedSink::give_back() {
  for (const Held& held : held_) known_.push_back({held.ticket, Fate::untried, 0, {}});
  held_.clear();
}

void GuardedSink::verdicts(std::vector<Verdict>& out) {
  const std::size_t before = out.size();
  handler_->verdicts(out);
  for (std::size_t i = before; i < out.size(); ++i) {
    const auto call = calls_.find(out[i].ticket);
    if (call == calls_.end()) continue;
    const CallEnd end = end_of(out[i].fate);
    breaker_.settle(call->second, {end, out[i].reply_text});
    if (end == CallEnd::success) told_ = false;
    if (end == CallEnd::failure) told_ = told_ || !breaker_.look(options_.circuit);  // the breaker told it
    calls_.erase(call);
  }
  if (out.size() != before) flush();
  hand_over(known_, out);
}

Wait GuardedSink::wait() const {
  return known_.empty() ? handler_->wait() : Wait(std::chrono::milliseconds(0));
}

GuardedSink::Room GuardedSink::room() {
  const Admission now = breaker_.look(options_.circuit);
  why_none_.clear();
  if (now.leave == Leave::call) return Room::many;
  const bool tries = std::any_of(calls_.begin(), calls_.end(),
                                 [](const auto& call) { return call.second.leave == Leave::probe; });
  if (tries) return Room::none;
  if (now.leave == Leave::probe) return held_.empty() && calls_.empty() ? Room::one : Room::none;
  why_none_ = refusal_text(now);
  if (!std::exchange(told_, true)) options_.notice(why_none_);
  return Room::none;
}

}  // namespace iso
