#include "amqp/settlements.h"

namespace iso::amqp {

void Settlements::set(std::uint64_t tag, Disposition how, bool said) {
  const auto index = tag - first_;
  if (index >= settled_.size()) settled_.resize(index + 1);
  settled_[index] = {how, said};
  if (!said) ++unsaid_;
}

bool Settlements::is_settled(std::uint64_t tag) const {
  return tag < first_ || (tag - first_ < settled_.size() && settled_[tag - first_].how);
}

void Settlements::flush(const Say& say) {
  if (settled_.empty()) return;
  flush_front(say);
  flush_others(say);
  unsaid_ = 0;
}

void Settlements::flush_front(const Say& say) {
  std::size_t done = 0;
  while (done < settled_.size() && settled_[done].how) {
    const Settled first = settled_[done];
    const std::size_t start = done;
    while (done < settled_.size() && settled_[done] == first) ++done;
    if (*first.how == Disposition::requeue) passed_held_ = true;
    if (first.said) continue;
    if (!passed_held_) {
      say(first_ + done - 1, *first.how, true);
    } else {
      for (auto i = start; i < done; ++i) say(first_ + i, *first.how, false);
    }
  }
  settled_.erase(settled_.begin(), settled_.begin() + static_cast<std::ptrdiff_t>(done));
  first_ += done;
}

void Settlements::flush_others(const Say& say) {
  for (std::size_t i = 0; i < settled_.size(); ++i) {
    if (!settled_[i].how || settled_[i].said) continue;
    say(first_ + i, *settled_[i].how, false);
    settled_[i].said = true;
  }
}

}  // namespace iso::amqp
