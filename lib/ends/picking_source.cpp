#include "ends/picking_source.h"

#include <algorithm>
#include <fmt/core.h>
#include <utility>

#include "ends/forwarding_source.h"

namespace iso::ends {
namespace {

constexpr int kTakesAtOnce = 16;  // before the pump looks at its clock again

class PickingSource final : public ForwardingSource {
 public:
  PickingSource(std::unique_ptr<Source> from, PickOptions options)
      : ForwardingSource(std::move(from)), options_(std::move(options)) {}

  SourceState take(std::size_t most, std::vector<Delivery>& out) override {
    SourceState state = SourceState::ready;
    const std::size_t before = out.size();
    for (int i = 0; i < kTakesAtOnce && state == SourceState::ready && out.size() == before; ++i) {
      if (is_full()) return SourceState::ended;
      some_.clear();
      state = from().take(std::min(most, options_.most_held - held_.size()), some_);
      forget_lost();
      for (auto& taken : some_) sort(std::move(taken), out);
    }
    return state;
  }

  bool settle(Ticket ticket, Disposition how, std::string_view why) override {
    const auto theirs = theirs_.find(ticket);
    if (theirs == theirs_.end()) return false;
    const Ticket their_ticket = theirs->second;
    theirs_.erase(theirs);
    return from().settle(their_ticket, how, why);
  }

  Ticket lost() const override { return lost_; }

  void stop() override {
    from().stop();
    for (const Ticket ticket : held_) from().settle(ticket, Disposition::give_back, {});
    held_.clear();
    from().flush();
  }

 private:
  bool is_full() {
    if (held_.size() < options_.most_held) return false;
    if (!std::exchange(told_, true))
      options_.notice(fmt::format(
          "{} messages that do not match are held, which is the most there can be; the rest of the queue is "
          "not looked at",
          held_.size()));
    return true;
  }

  bool is_picked(const Delivery& taken) const {
    if (taken.bad_input) return options_.others == PickOptions::Others::pass && taken.bad_input->number != 0;
    return hold(options_.where, taken.record);
  }

  void sort(Delivery taken, std::vector<Delivery>& out) {
    if (is_picked(taken)) {
      theirs_.emplace(next_, taken.ticket);
      taken.ticket = next_++;
      out.push_back(std::move(taken));
    } else if (options_.is_broker && !taken.bad_input && taken.record.offset) {
      from().settle(taken.ticket, Disposition::ack, {});
    } else if (options_.others == PickOptions::Others::hold) {
      held_.push_back(taken.ticket);
    }
  }

  // What was held comes again by itself.
  void forget_lost() {
    const Ticket lost = from().lost();
    if (lost == their_lost_) return;
    their_lost_ = lost;
    std::erase_if(held_, [lost](Ticket ticket) { return ticket <= lost; });
    for (const auto& [ours, theirs] : theirs_)
      if (theirs <= lost) lost_ = std::max(lost_, ours);
  }

  PickOptions options_;
  std::vector<Delivery> some_;
  std::vector<Ticket> held_;         // theirs
  std::map<Ticket, Ticket> theirs_;  // by ours, of what is not settled
  Ticket next_ = 1, lost_ = 0, their_lost_ = 0;
  bool told_ = false;
};

}  // namespace

std::unique_ptr<Source> picking_source(std::unique_ptr<Source> from, PickOptions options) {
  if (options.where.empty()) return from;
  return std::make_unique<PickingSource>(std::move(from), std::move(options));
}

}  // namespace iso::ends
