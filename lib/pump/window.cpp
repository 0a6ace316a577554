#include "pump/window.h"

#include <algorithm>
#include <utility>

namespace iso {

std::size_t Window::room() const {
  if (!entries_.empty() && bytes_ >= most_bytes_) return 0;
  return most_ - std::min(most_, entries_.size());
}

Window::Entry& Window::add(Delivery taken) {
  bytes_ += taken.record.body.size();
  ++waiting_;
  return entries_.emplace_back(Entry{std::move(taken), std::nullopt});
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
