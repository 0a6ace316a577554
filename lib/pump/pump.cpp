#include "pump/pump.h"

#include <algorithm>
#include <cmath>
#include <fmt/core.h>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace iso {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kBatch =
    256;  // records between two looks at the sink, so that reading and confirming overlap
constexpr milliseconds kLongestWait{200};  // a signal between its check and the wait is noticed after this

std::string reason_of(const DeliveryResult& result) {
  if (result.reply_code == 0) return result.reply_text;
  return fmt::format("{} ({})", result.reply_text, result.reply_code);
}

class Pump {
 public:
  Pump(Source& source, Sink& sink, const PumpOptions& options, const PumpHooks& hooks)
      : source_(source),
        sink_(sink),
        options_(options),
        hooks_(hooks),
        window_(options.window, options.window_bytes) {}

  Tally run() {
    started_ = last_taken_ = last_fate_ = now();
    try {
      loop();
    } catch (const Error& error) {
      tally_.error = error;
      tally_.stop = Stop::failed;
    }
    abandon();
    report();
    tally_.away = source_.away();
    return std::move(tally_);
  }

 private:
  Clock::Steady now() const { return options_.clock->steady(); }

  void loop() {
    for (;;) {
      bool moved = fill();
      sink_.flush();
      moved |= collect();
      report();
      tell_of_stall();
      source_.flush();
      check_stop();
      if (!taking_ && window_.waiting() == 0) return;
      if (sink_.closed() || out_of_patience()) return;
      if (!moved) wait();
    }
  }

  // Takes what there is and room for, and puts it. True if anything was taken.
  bool fill() {
    state_ = SourceState::ready;
    const std::size_t bearable = can_bear();
    const std::size_t most = bearable != 0 ? std::min(bearable, allowed()) : 0;
    if (most == 0) return false;
    batch_.clear();
    take(std::min(most, window_.room()));
    if (!batch_.empty()) {
      if (window_.waiting() == 0) last_fate_ = now();  // patience starts with the first in flight
      last_taken_ = now();
    }
    for (auto& taken : batch_) {
      if (tally_.stop == Stop::bad_input) break;  // strict: nothing after a bad_input is touched
      ++tally_.taken;
      put(std::move(taken));
    }
    if (state_ == SourceState::ended) stop_taking(Stop::ended);
    if (options_.count != 0 && tally_.taken >= options_.count) stop_taking(Stop::counted);
    return !batch_.empty();
  }

  // A source that cannot be read on ends the run, but what was taken from it before gets its status first.
  void take(std::size_t most) {
    try {
      state_ = source_.take(most, batch_);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::io) throw;
      tally_.error = error;
      stop_taking(Stop::failed);
    }
  }

  // How many more the window and the onlooker do.
  std::size_t can_bear() const {
    if (!taking_ || window_.room() == 0) return 0;
    switch (hooks_.intake()) {
      case Intake::open:
        return kBatch;
      case Intake::one:
        return 1;
      case Intake::full:
      case Intake::over:
        break;
    }
    return 0;
  }

  // How many more count and rate let through now.
  std::size_t allowed() const {
    std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
    if (options_.count != 0) most = options_.count - tally_.taken;
    if (options_.rate > 0) {
      const double due = std::floor(seconds_since_start() * options_.rate) + 1;  // the first goes at once
      most = std::min(
          most, due > static_cast<double>(tally_.taken) ? static_cast<std::uint64_t>(due) - tally_.taken : 0);
    }
    return static_cast<std::size_t>(most);
  }

  double seconds_since_start() const { return std::chrono::duration<double>(now() - started_).count(); }

  void put(Delivery taken) {
    Window::Entry& entry = window_.add(std::move(taken));
    if (entry.taken.bad_input) {  // the source would give it again and again
      source_.settle(entry.taken.ticket, Disposition::dead_letter, entry.taken.bad_input->why);
    } else {
      prepare(entry.taken);
    }
    if (entry.taken.bad_input) {
      window_.resolve({entry.taken.ticket, DeliveryStatus::unconfirmed, 0, {}});
      if (options_.strict) stop_taking(Stop::bad_input);
    } else {
      sink_.put(entry.taken.ticket, entry.taken.record);
    }
  }

  void prepare(Delivery& taken) {
    try {
      hooks_.prepare(taken.record);
    } catch (const Error& error) {
      taken.bad_input = std::make_unique<BadInput>(BadInput{taken.ticket, 0, 0, error.what(), {}});
    }
  }

  // Learns statuses and settles them. True if any came.
  bool collect() {
    results_.clear();
    sink_.results(results_);
    for (auto& result : results_)
      if (Window::Entry* entry = window_.resolve(std::move(result))) settle(*entry->result);
    if (!results_.empty()) last_fate_ = now();
    return !results_.empty();
  }

  void settle(DeliveryResult& result) {
    if (result.status == DeliveryStatus::confirmed) {
      source_.settle(result.ticket, Disposition::ack, {});
    } else if (result.status == DeliveryStatus::rejected) {
      source_.settle(result.ticket, Disposition::dead_letter, reason_of(result));
    } else if (result.status == DeliveryStatus::untried) {
      result.comes_again = source_.settle(result.ticket, Disposition::give_back, {});
    } else if (result.status != DeliveryStatus::unconfirmed) {
      result.comes_again = source_.settle(result.ticket, Disposition::requeue, reason_of(result));
    }
  }

  void report() {
    window_.pop_resolved([this](Window::Entry& entry) {
      count(entry);
      hooks_.report(entry.taken, *entry.result);
    });
  }

  void count(const Window::Entry& entry) {
    if (entry.taken.bad_input) {
      ++tally_.bad_input;
      return;
    }
    if (entry.result->comes_again || entry.result->status == DeliveryStatus::deferred ||
        entry.result->status == DeliveryStatus::untried) {
      ++tally_.again;
      return;
    }
    switch (entry.result->status) {
      case DeliveryStatus::confirmed:
        ++tally_.confirmed;
        break;
      case DeliveryStatus::returned:
        ++tally_.returned;
        break;
      case DeliveryStatus::nacked:
        ++tally_.nacked;
        break;
      case DeliveryStatus::unconfirmed:
        ++tally_.unconfirmed;
        break;
      case DeliveryStatus::rejected:
        ++tally_.rejected;
        break;
      case DeliveryStatus::deferred:
      case DeliveryStatus::untried:
        break;
    }
  }

  // What never got a status. It is not settled, so a source that can will give it again.
  void abandon() {
    window_.each_waiting([](Window::Entry& entry) {
      entry.result = DeliveryResult{entry.taken.ticket, DeliveryStatus::unconfirmed, 0, {}};
    });
  }

  void stop_taking(Stop why) {
    if (!taking_) return;
    taking_ = false;
    tally_.stop = why;
    source_.stop();
  }

  void check_stop() {
    if (options_.interrupted && options_.interrupted->load() != 0) interrupted_ = true;
    if (!taking_) return;
    const auto moment = now();
    if (interrupted_) stop_taking(Stop::interrupted);
    if (sink_.closed() || hooks_.intake() == Intake::over) stop_taking(Stop::closed);
    if (options_.run_time.count() != 0 && moment - started_ >= options_.run_time)
      stop_taking(Stop::timed_out);
    if (state_ != SourceState::idle || window_.waiting() != 0) return;
    if (options_.idle.count() != 0 && moment - last_taken_ >= options_.idle) stop_taking(Stop::idle);
    if (options_.drain && taking_ && source_.drained()) stop_taking(Stop::drained);
  }

  bool out_of_patience() {
    const auto patience = options_.patience_after(interrupted_ || tally_.stop == Stop::timed_out);
    if (patience.count() == 0 || window_.waiting() == 0) return false;
    tally_.gave_up = now() - last_fate_ >= patience;
    if (tally_.gave_up) tally_.stalled = sink_.stalled();
    return tally_.gave_up;
  }

  void tell_of_stall() {
    if (sink_.stalled() == stalled_) return;
    stalled_ = sink_.stalled();
    hooks_.stalled(stalled_);
  }

  void wait() {
    const Wait onlooker = hooks_.pause();
    const bool takes = can_bear() != 0;
    const bool paced = takes && allowed() == 0;
    const Wait source = takes && !paced ? source_.wait() : Wait{};
    const Wait sink = window_.waiting() != 0 ? sink_.wait() : Wait{};
    wait_for(source | sink | onlooker, paced ? std::min(next_due(), nearest_limit()) : nearest_limit());
  }

  // The time left until a limit of ours is reached.
  milliseconds nearest_limit() const {
    milliseconds nearest = kLongestWait;
    const auto consider = [&](milliseconds limit, Clock::Steady since) {
      if (limit.count() == 0) return;
      nearest = std::min(nearest, std::chrono::ceil<milliseconds>(since + limit - now()));
    };
    if (taking_) {
      consider(options_.run_time, started_);
      consider(options_.idle, last_taken_);
    }
    if (window_.waiting() != 0) consider(options_.patience, last_fate_);
    return std::max(nearest, milliseconds{1});
  }

  milliseconds next_due() const {
    const double due = static_cast<double>(tally_.taken) / options_.rate - seconds_since_start();
    return milliseconds{
        std::max(static_cast<milliseconds::rep>(std::ceil(std::min(due, 1.0) * 1000)), milliseconds::rep{0})};
  }

  Source& source_;
  Sink& sink_;
  const PumpOptions& options_;
  const PumpHooks& hooks_;
  Window window_;
  Tally tally_;
  bool taking_ = true, interrupted_ = false;
  std::string stalled_;  // what was last told
  SourceState state_ = SourceState::ready;
  Clock::Steady started_, last_taken_, last_fate_;
  std::vector<Delivery> batch_;  // kept between rounds for its memory
  std::vector<DeliveryResult> results_;
};

}  // namespace

Tally pump(Source& source, Sink& sink, const PumpOptions& options, const PumpHooks& hooks) {
  return Pump(source, sink, options, hooks).run();
}

}  // namespace iso
