#include "ends/pacing_source.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "ends/forwarding_source.h"

namespace iso::ends {
namespace {

using std::chrono::milliseconds;

constexpr double kLongestPause = 1e12;  // ms

class PacingSource final : public ForwardingSource {
 public:
  PacingSource(std::unique_ptr<Source> from, double speed, const Clock& clock)
      : ForwardingSource(std::move(from)), speed_(speed), clock_(clock) {}

  // One at a time: the next is not known before it was taken.
  SourceState take(std::size_t most, std::vector<Delivery>& out) override {
    if (most == 0) return SourceState::ready;
    if (next_.empty()) {
      if (state_ == SourceState::ended) return state_;
      state_ = from().take(1, next_);
      if (next_.empty()) return state_;
      due_ = due_of(next_.front());
    }
    if (clock_.steady() < due_) return SourceState::idle;
    out.push_back(std::move(next_.front()));
    next_.clear();
    return state_ == SourceState::ended ? state_ : SourceState::ready;
  }

  Wait wait() const override {
    if (next_.empty()) return from().wait();
    return Wait(std::max(std::chrono::ceil<milliseconds>(due_ - clock_.steady()), milliseconds(0)));
  }

  void stop() override {
    from().stop();
    for (const auto& taken : next_)
      if (!taken.bad_input) from().settle(taken.ticket, Disposition::give_back, {});
    next_.clear();
    state_ = SourceState::ended;
  }

  bool drained() override { return next_.empty() && from().drained(); }

 private:
  Clock::Steady due_of(const Delivery& taken) {
    const auto now = clock_.steady();
    const auto& received = taken.record.received_at;
    if (!received) return now;
    if (!first_) first_ = {*received, now};
    const double after = (static_cast<double>(*received) - static_cast<double>(first_->received)) / speed_;
    return first_->at + milliseconds(static_cast<std::int64_t>(std::clamp(after, 0.0, kLongestPause)));
  }

  struct First {
    std::int64_t received;  // ms since the epoch
    Clock::Steady at;
  };

  double speed_;
  const Clock& clock_;
  std::vector<Delivery> next_;  // one at most, which waits for its time
  Clock::Steady due_{};
  std::optional<First> first_;
  SourceState state_ = SourceState::idle;
};

}  // namespace

std::unique_ptr<Source> pacing_source(std::unique_ptr<Source> from, double speed, const Clock& clock) {
  return std::make_unique<PacingSource>(std::move(from), speed, clock);
}

}  // namespace iso::ends
