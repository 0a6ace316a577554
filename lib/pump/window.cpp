#include "pump/window.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace iso {

std::size_t Window::room() const {
  if (!entries_.empty() && bytes_ >= most_bytes_) return 0;
  return most_ - std::min(most_, entries_.size());
}

Window::Entry& Window::add(Delivery taken, Clock::Steady since) {
  bytes_ += taken.record.body.size();
  ++waiting_;
  return entries_.emplace_back(Entry{std::move(taken), std::nullopt, since});
}

// They were taken in this order.
Ticket Window::last_taken_before(Clock::Steady moment) const {
  const auto end = std::partition_point(entries_.begin(), entries_.end(),
                                        [&](const Entry& entry) { return entry.since < moment; });
  const auto last = std::find_if(std::make_reverse_iterator(end), entries_.rend(),
                                 [](const Entry& entry) { return !entry.result; });
  return last == entries_.rend() ? 0 : last->taken.ticket;
}

Window::Entry* Window::resolve(DeliveryResult result) {
  if (entries_.empty() || result.ticket < entries_.front().taken.ticket) return nullptr;
  const auto index = result.ticket - entries_.front().taken.ticket;  // tickets have no gaps
  if (index >= entries_.size() || entries_[index].result) return nullptr;
  entries_[index].result = std::move(result);
  --waiting_;
  return &entries_[index];
}

void Window::pop_resolved(const std::function<void(Entry&)>& report) {
  while (!entries_.empty() && entries_.front().result) {
    report(entries_.front());
    bytes_ -= entries_.front().taken.record.body.size();
    entries_.pop_front();
  }
}

void Window::each_waiting(const std::function<void(Entry&)>& visit) {
  for (auto& entry : entries_)
    if (!entry.result) visit(entry);
}

}  // namespace iso
