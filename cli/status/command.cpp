#include "cli/shared/command.h"

#include <algorithm>
#include <fmt/core.h>
#include <memory>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/wait.h"
#include "cli/shared/common_options.h"
#include "cli/shared/ending.h"
#include "cli/shared/report.h"
#include "cli/shared/waiting.h"
#include "cli/status/check.h"
#include "cli/status/options.h"
#include "cli/status/table.h"
#include "status/status.h"

namespace iso::cli {
namespace {

using status::QueueStatus;
using std::chrono::milliseconds;

constexpr milliseconds kTimeout{30'000}, kMoment{100}, kShortestWatch{100};

// Waits, unless a signal comes.
void pause(milliseconds time, status::Looker& looker, const Session& session) {
  const auto until = system_clock().steady() + time;
  while (session.interrupted.load() == 0) {
    const auto left = std::chrono::ceil<milliseconds>(until - system_clock().steady());
    if (left.count() <= 0) return;
    wait_for(Wait(std::min(left, kMoment)), kMoment);
    looker.keep_alive();
  }
}

// One look, and what it is worth.
struct Look {
  std::vector<QueueStatus> queues;
  std::vector<std::vector<std::string>> broken;  // the limits that each does not keep

  bool is_missing() const {
    return std::any_of(queues.begin(), queues.end(),
                       [](const QueueStatus& queue) { return queue.state == QueueStatus::State::missing; });
  }
  bool is_healthy() const {
    return !is_missing() &&
           std::all_of(broken.begin(), broken.end(), [](const auto& of) { return of.empty(); });
  }
};

class Status {
 public:
  Status(const StatusOptions& args, Session& session)
      : args_(args),
        session_(session),
        report_("iso status", args.common.voice, session.environment),
        out_(standard_output(), "standard output"),
        on_terminal_(session.environment.is_terminal(STDOUT_FILENO)),
        is_table_(args.format.empty() ? on_terminal_ : args.format == "table") {
    limits_.max_ready = args.max_ready;
    limits_.min_consumers = args.min_consumers;
    if (!args.max_age.empty()) limits_.max_age = duration_or(args.max_age, {});
    Url url = resolve_url(args.common, session.environment);
    names_ = args.queues;
    if (names_.empty() && !url.fragment.empty()) names_.push_back(url.fragment);
    url.fragment.clear();
    EndOptions options;
    options.name = "iso status";
    options.timeout = try_time(timeout_of(args.common, kTimeout), args.wait);
    options.notice = [this](std::string_view text) { report_.note(text); };
    looker_ = status::open_looker(url, options);
  }

  Outcome run() { return args_.watch.empty() ? check() : watch(); }

 private:
  Look look() {
    Look look;
    look.queues = looker_->look(names_);
    for (const auto& queue : look.queues) look.broken.push_back(broken_limits(queue, limits_));
    return look;
  }

  Outcome check() {
    const Look last = look_until_healthy();
    show(last, nullptr);
    out_.write_all();
    for (const auto& queue : last.queues)
      if (queue.state == QueueStatus::State::missing)
        report_.error(fmt::format("no queue \"{}\"", queue.queue));
    for (const auto& of : last.broken)
      for (const auto& text : of) report_.error(text);
    if (const int signal = session_.interrupted.load()) return interrupted_by(signal);
    if (last.is_missing()) return Outcome::missing;
    return last.is_healthy() ? Outcome::done : Outcome::no;
  }

  // The last look, when the time of --wait is up. Throws if there is none.
  Look look_until_healthy() {
    const auto until = system_clock().steady() + duration_or(args_.wait, milliseconds(0));
    for (;;) {
      const bool is_last =
          system_clock().steady() + kBetweenTries >= until || session_.interrupted.load() != 0;
      try {
        Look one = look();
        if (is_last || one.is_healthy()) return one;
      } catch (const Error& error) {
        const bool may_change = error.kind() == ErrorKind::unavailable || error.kind() == ErrorKind::missing;
        if (is_last || !may_change) throw;
      }
      pause(kBetweenTries, *looker_, session_);
    }
  }

  Outcome watch() {
    const auto every = std::max(duration_or(args_.watch, {}), kShortestWatch);
    while (session_.interrupted.load() == 0 && !out_.closed()) {
      try {
        show_with_rates(look());
      } catch (const Error& error) {
        if (error.kind() != ErrorKind::unavailable) throw;
        before_.reset();
        if (session_.interrupted.load() == 0) report_.warning(error.what());
      }
      out_.write_all();
      pause(every, *looker_, session_);
    }
    const int signal = session_.interrupted.load();
    return signal == 0 ? Outcome::done : interrupted_by(signal);
  }

  void show_with_rates(const Look& look) {
    const auto now = system_clock().steady();
    Growth growth;
    if (before_)
      for (const auto& queue : look.queues) {
        const auto was = std::find_if(before_->begin(), before_->end(),
                                      [&](const QueueStatus& one) { return one.queue == queue.queue; });
        if (was == before_->end() || !was->ready || !queue.ready) continue;
        growth[queue.queue] = (static_cast<double>(*queue.ready) - static_cast<double>(*was->ready)) /
                              std::chrono::duration<double>(now - looked_at_).count();
      }
    if (is_table_ && on_terminal_) out_.buffer() += "\033[H\033[J";  // from the top of an empty screen
    if (is_table_ && !on_terminal_ && before_) out_.buffer() += '\n';
    show(look, &growth);
    before_ = look.queues;
    looked_at_ = now;
  }

  void show(const Look& look, const Growth* growth) {
    if (is_table_) {
      if (look.queues.empty()) report_.note("there are no queues");
      if (!look.queues.empty()) out_.buffer() += queue_table(look.queues, growth);
      return;
    }
    for (std::size_t i = 0; i < look.queues.size(); ++i)
      append_queue_record(out_.buffer(), look.queues[i], look.broken[i], growth);
  }

  const StatusOptions& args_;
  Session& session_;
  Report report_;
  Output out_;
  bool on_terminal_, is_table_;
  Limits limits_;
  std::vector<std::string> names_;
  std::unique_ptr<status::Looker> looker_;
  std::optional<std::vector<QueueStatus>> before_;
  Clock::Steady looked_at_;
};

}  // namespace

Run bind_status(CLI::App& app) {
  auto args = std::make_shared<StatusOptions>();
  args->add_to(app);
  return [args](Session& session) { return Status(*args, session).run(); };
}

}  // namespace iso::cli
