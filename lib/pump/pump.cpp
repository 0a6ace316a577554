#include "pump/pump.h"

#include <algorithm>
#include <cmath>
#include <fmt/core.h>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "pump/window.h"

namespace iso {
namespace {

using std::chrono::milliseconds;

// Records between two looks at the sink, so that reading and confirming overlap.
constexpr std::size_t kBatch = 256;
// A signal that comes between its check and the wait is noticed after this.
constexpr milliseconds kLongestWait{200};

std::string reason_of(const DeliveryResult& result) {
  if (result.reply_code == 0) return result.reply_text;
  return fmt::format("{} ({})", result.reply_text, result.reply_code);
}

// Not part of an input, so it has no number: a message that cannot be read and stays dead in its queue.
bool is_dead(const Delivery& taken) {
  return taken.bad_input && taken.bad_input->number == 0;
}

class Pump {
 public:
  Pump(Source& source, Sink& sink, const PumpOptions& options, PumpObserver& observer)
      : source_(source),
        sink_(sink),
        options_(options),
        observer_(observer),
        window_(options.window, options.window_bytes) {}

  PumpSummary run() {
    started_ = last_taken_ = last_result_ = now();
    try {
      loop();
    } catch (const Error& error) {  // an end broke: it is not asked for anything any more
      if (!summary_.error) summary_.error = error;
      summary_.stop = StopReason::failed;
      taking_ = false;
    }
    abandon();
    report();
    learn_whether_settled();
    summary_.away = source_.away();
    summary_.why_none = sink_.why_none();
    return std::move(summary_);
  }

 private:
  using Due = std::optional<Clock::Steady>;

  Clock::Steady now() const { return options_.clock->steady(); }

  void loop() {
    for (;;) {
      bool moved = fill();
      withdraw();
      sink_.flush();
      moved |= collect();
      report();
      tell_of_stall();
      source_.flush();
      check_stop();
      if (!taking_ && window_.waiting() == 0) return;
      if (sink_.closed() || gives_up()) return;
      if (!moved) wait();
    }
  }

  // Takes what there is and room for, and puts it. True if anything was taken.
  bool fill() {
    state_ = SourceState::ready;
    const std::size_t wanted = demand();
    const std::size_t most = wanted != 0 ? std::min(wanted, allowed()) : 0;
    if (most == 0) return false;
    batch_.clear();
    take(std::min(most, window_.room()));
    if (!batch_.empty()) {
      if (window_.waiting() == 0) last_result_ = now();  // a stall starts with the first in flight
      last_taken_ = now();
    }
    for (auto& taken : batch_) {
      if (summary_.stop == StopReason::bad_input) break;  // strict: nothing after bad input is touched
      ++summary_.taken;
      put(std::move(taken));
    }
    if (state_ == SourceState::ended) stop_taking(StopReason::ended);
    if (options_.count != 0 && counted() >= options_.count) stop_taking(StopReason::counted);
    return !batch_.empty();
  }

  // A source that cannot be read on ends the run, but what was taken from it before gets its status first.
  void take(std::size_t most) {
    try {
      state_ = source_.take(most, batch_);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::io) throw;
      failed(error);
    }
  }

  // What breaks later is most often a consequence of what broke first.
  void failed(const Error& error) {
    if (!summary_.error) summary_.error = error;
    stop_taking(StopReason::failed);
    summary_.stop = StopReason::failed;
  }

  // How many more the window, the sink and the observer want.
  std::size_t demand() {
    if (!taking_ || window_.room() == 0) return 0;
    switch (std::max(observer_.demand(), sink_.demand())) {  // the lesser one, as they are ordered
      case Demand::many:
        return kBatch;
      case Demand::one:
        return 1;
      case Demand::none:
      case Demand::over:
        break;
    }
    return 0;
  }

  // How many more count and rate let through now.
  std::size_t allowed() const {
    std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
    if (options_.count != 0) most = options_.count - counted();
    if (options_.rate > 0) {
      const double due = std::floor(seconds_since_start() * options_.rate) + 1;  // the first goes at once
      const double allowed = std::max(due - static_cast<double>(summary_.taken), 0.0);
      if (allowed < static_cast<double>(most)) most = static_cast<std::uint64_t>(allowed);
    }
    return static_cast<std::size_t>(most);
  }

  // What was taken, without what its source lost or was given back: that is taken again.
  std::uint64_t counted() const { return summary_.taken - withdrawn_ - summary_.stale; }

  double seconds_since_start() const { return std::chrono::duration<double>(now() - started_).count(); }

  void put(Delivery taken) {
    Window::Entry& entry = window_.add(std::move(taken), last_taken_);
    if (entry.taken.bad_input) {  // the source would give it again and again
      source_.settle(entry.taken.ticket, Disposition::dead_letter, entry.taken.bad_input->why);
    } else {
      prepare(entry.taken);
    }
    if (entry.taken.bad_input) {
      window_.resolve({entry.taken.ticket, DeliveryStatus::unconfirmed, 0, {}});
      if (options_.strict && !is_dead(entry.taken)) stop_taking(StopReason::bad_input);
    } else {
      sink_.put(entry.taken.ticket, entry.taken.record);
    }
  }

  void prepare(Delivery& taken) {
    try {
      observer_.prepare(taken.record);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::data) throw;
      taken.bad_input = std::make_unique<BadInput>(BadInput{taken.ticket, 0, 0, error.what(), {}});
    }
  }

  // What its source has lost, or what has waited for too long, shall not begin.
  void withdraw() {
    Ticket up_to = source_.lost();
    if (const auto longest = source_.longest_wait(); longest.count() != 0)
      up_to = std::max(up_to, window_.last_taken_before(now() - longest));
    if (up_to <= withdrawn_up_to_) return;
    withdrawn_up_to_ = up_to;
    sink_.withdraw(up_to);
  }

  // Learns statuses and settles them. True if any came.
  bool collect() {
    heed_interruption();
    results_.clear();
    sink_.results(results_);
    for (auto& result : results_)
      if (Window::Entry* entry = window_.resolve(std::move(result))) settle(*entry->result);
    if (!results_.empty()) last_result_ = now();
    return !results_.empty();
  }

  void settle(DeliveryResult& result) {
    if (result.status == DeliveryStatus::confirmed) {
      if (source_.settle(result.ticket, Disposition::ack, {})) ++summary_.stale;
      ++settled_;
    } else if (result.status == DeliveryStatus::rejected) {
      source_.settle(result.ticket, Disposition::dead_letter, reason_of(result));
      ++settled_;
    } else if (result.status == DeliveryStatus::untried) {
      if (result.ticket <= withdrawn_up_to_) ++withdrawn_;
      result.comes_again = source_.settle(result.ticket, Disposition::give_back, {});
    } else if (result.status == DeliveryStatus::nacked) {
      result.comes_again = source_.settle(result.ticket, Disposition::postpone, reason_of(result));
    } else if (result.status != DeliveryStatus::unconfirmed) {
      result.comes_again = source_.settle(result.ticket, Disposition::requeue, reason_of(result));
    }
  }

  void report() {
    window_.pop_resolved([this](Window::Entry& entry) {
      count(entry);
      try {
        observer_.report(entry.taken, *entry.result);
      } catch (const Error& error) {
        failed(error);
      }
    });
  }

  void count(const Window::Entry& entry) {
    if (entry.taken.bad_input) {
      ++(is_dead(entry.taken) ? summary_.rejected : summary_.bad_input);
      return;
    }
    if (entry.result->comes_again || entry.result->status == DeliveryStatus::deferred ||
        entry.result->status == DeliveryStatus::untried) {
      ++summary_.again;
      return;
    }
    switch (entry.result->status) {
      case DeliveryStatus::confirmed:
        ++summary_.confirmed;
        break;
      case DeliveryStatus::returned:
        ++summary_.returned;
        break;
      case DeliveryStatus::nacked:
        ++summary_.nacked;
        break;
      case DeliveryStatus::unconfirmed:
        ++summary_.unconfirmed;
        break;
      case DeliveryStatus::rejected:
        ++summary_.rejected;
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

  // A settlement is certain only once the far side has answered something that was sent after it. In a hurry
  // that is not asked.
  void learn_whether_settled() {
    if (settled_ == 0 || summary_.error || hurried_) return;
    try {
      source_.flush();
      summary_.settled = source_.finish();
    } catch (const Error&) {
      summary_.settled = false;
    }
  }

  void stop_taking(StopReason why) {
    if (!taking_) return;
    taking_ = false;
    summary_.stop = why;
    try {
      source_.stop();
    } catch (const Error& error) {
      failed(error);
    }
    sink_.finish(why == StopReason::interrupted || why == StopReason::timed_out);
  }

  // From now on what is in flight has the grace, and what no handler has begun is not begun.
  void hurry() {
    if (std::exchange(hurried_, true)) return;
    if (options_.grace) grace_ends_ = now() + *options_.grace;
    if (!taking_) sink_.finish(true);
  }

  // Asked before each look at what handlers did: a service manager signals them together with us, and what
  // they then say is no verdict.
  void heed_interruption() {
    if (!options_.interrupted || options_.interrupted->load() == 0) return;
    hurry();
    stop_taking(StopReason::interrupted);
  }

  // `limit` after `since`; nothing without a limit.
  static Due after(Clock::Steady since, milliseconds limit) {
    return limit.count() != 0 ? Due(since + limit) : std::nullopt;
  }
  bool is_over(Due due) const { return due && now() >= *due; }

  Due run_ends() const { return after(started_, options_.run_time); }
  Due idle_ends() const { return after(last_taken_, options_.idle); }
  // When what is in flight is given up.
  Due patience_ends() const {
    return grace_ends_ ? grace_ends_ : after(last_result_, options_.stall_timeout);
  }

  void check_stop() {
    heed_interruption();
    if (!taking_) return;
    if (sink_.closed() || observer_.demand() == Demand::over) stop_taking(StopReason::closed);
    if (is_over(run_ends())) {
      hurry();
      stop_taking(StopReason::timed_out);
    }
    if (state_ != SourceState::idle || window_.waiting() != 0) return;
    if (is_over(idle_ends())) stop_taking(StopReason::idle);
    if (options_.drain && taking_ && source_.drained()) stop_taking(StopReason::drained);
  }

  bool gives_up() {
    summary_.gave_up = window_.waiting() != 0 && is_over(patience_ends());
    if (summary_.gave_up) summary_.stalled = sink_.stalled();
    return summary_.gave_up;
  }

  void tell_of_stall() {
    if (sink_.stalled() == stalled_) return;
    stalled_ = sink_.stalled();
    observer_.stalled(stalled_);
  }

  void wait() {
    const Wait observer = observer_.wait();
    const bool takes = demand() != 0;
    const bool paced = takes && allowed() == 0;
    const Wait source = takes && !paced ? source_.wait() : Wait{};
    const Wait sink = window_.waiting() != 0 ? sink_.wait() : Wait{};
    options_.wait(source | sink | observer, paced ? std::min(next_due(), nearest_limit()) : nearest_limit());
  }

  // The time left until a limit of ours is reached.
  milliseconds nearest_limit() const {
    milliseconds nearest = kLongestWait;
    const auto consider = [&](Due limit) {
      if (limit) nearest = std::min(nearest, std::chrono::ceil<milliseconds>(*limit - now()));
    };
    if (taking_) consider(run_ends());
    if (window_.waiting() != 0) {
      consider(patience_ends());
    } else if (taking_) {
      consider(idle_ends());
    }
    return nearest;
  }

  milliseconds next_due() const {
    const double seconds = static_cast<double>(summary_.taken) / options_.rate - seconds_since_start();
    const auto longest = static_cast<double>(kLongestWait.count());
    return milliseconds{static_cast<milliseconds::rep>(std::clamp(std::ceil(seconds * 1000), 1.0, longest))};
  }

  Source& source_;
  Sink& sink_;
  const PumpOptions& options_;
  PumpObserver& observer_;
  Window window_;
  PumpSummary summary_;
  bool taking_ = true;
  std::uint64_t settled_ = 0;    // for good, as far as we know
  std::uint64_t withdrawn_ = 0;  // given back before they had begun
  Ticket withdrawn_up_to_ = 0;
  bool hurried_ = false;
  Due grace_ends_;       // once it hurries, if there is a grace
  std::string stalled_;  // what was last told
  SourceState state_ = SourceState::ready;
  Clock::Steady started_, last_taken_, last_result_;
  std::vector<Delivery> batch_;  // kept between rounds for its memory
  std::vector<DeliveryResult> results_;
};

}  // namespace

PumpSummary pump(Source& source, Sink& sink, const PumpOptions& options, PumpObserver& observer) {
  return Pump(source, sink, options, observer).run();
}

}  // namespace iso
