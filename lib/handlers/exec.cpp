#include "handlers/exec.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <fmt/core.h>
#include <limits>
#include <map>
#include <optional>
#include <poll.h>
#include <set>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/duration.h"
#include "base/error.h"
#include "handlers/child.h"
#include "handlers/environment.h"
#include "handlers/last_line.h"
#include "replies/reply.h"

namespace iso::handlers {
namespace {

using std::chrono::milliseconds;

constexpr int kTryAgain = 75;                     // EX_TEMPFAIL of sysexits.h
constexpr int kCannotRun = 126, kNotFound = 127;  // POSIX, sh, "Exit Status for Commands"
constexpr int kEventsAtOnce = 64;
constexpr int kMoment = 200;                 // ms
constexpr std::size_t kWrittenAtOnce = 512;  // POSIX: a pipe that is ready takes as much without waiting
constexpr std::size_t kReadAtOnce = std::size_t{64} * 1024;

// Whether a signal ended the process, or the command that a shell ran; that says nothing about the record.
bool ended_from_outside(int status) {
  if (WIFSIGNALED(status)) return true;
  constexpr std::array kSignals{SIGHUP, SIGINT, SIGQUIT, SIGKILL, SIGTERM};
  return std::find(kSignals.begin(), kSignals.end(), WEXITSTATUS(status) - 128) != kSignals.end();
}

class ExecSink final : public Sink {
 public:
  explicit ExecSink(const ExecOptions& options)
      : options_(options), events_(Descriptor::own(epoll_create1(EPOLL_CLOEXEC))) {}

  void put(Ticket ticket, const Record& record) override { waiting_.push_back({ticket, &record}); }

  void flush() override {
    std::size_t started = 0;
    if (fault_) return;
    for (; started < waiting_.size() && jobs_.size() < options_.jobs; ++started) start(waiting_[started]);
    waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(started));
  }

  void results(std::vector<DeliveryResult>& out) override {
    std::array<epoll_event, kEventsAtOnce> events;
    const int count = epoll_wait(events_.get(), events.data(), kEventsAtOnce, 0);
    for (int i = 0; i < count; ++i) {
      const auto job = jobs_.find(events[static_cast<std::size_t>(i)].data.u64 / kKinds);
      if (job == jobs_.end()) continue;
      switch (events[static_cast<std::size_t>(i)].data.u64 % kKinds) {
        case kInput:
          give_body(job->second);
          break;
        case kOutput:
          read_reply(job->second);
          break;
        case kErrors:
          pass_errors(job->second);
          break;
        default:
          end(job);
      }
    }
    kill_late();
    flush();
    const bool told = !known_.empty();
    move_append(known_, out);
    if (fault_ && jobs_.empty() && !told) throw Error(*fault_);
  }

  void finish(bool begin_nothing) override {
    if (!begin_nothing) return;
    hurried_ = true;
    withdraw(std::numeric_limits<Ticket>::max());
  }

  void withdraw(Ticket up_to) override {
    std::erase_if(waiting_, [&](const Waiting& one) {
      if (one.ticket <= up_to) known_.push_back({one.ticket, DeliveryStatus::untried, 0, {}});
      return one.ticket <= up_to;
    });
  }

  Wait wait() const override {
    if (!known_.empty() || (fault_ && jobs_.empty())) return Wait(milliseconds(0));
    Wait wait(events_.get(), POLLIN);
    for (const auto& [number, job] : jobs_)
      if (options_.job_timeout.count() != 0 && job.why_killed.empty())
        wait.no_longer_than(std::max(time_left(job), milliseconds(0)));
    return wait;
  }

  bool closed() const override { return closed_; }

 private:
  // The kind of an event; the rest of its data is the number of the job.
  enum : std::uint64_t { kInput, kOutput, kErrors, kEnded, kKinds };

  struct Waiting {
    Ticket ticket;
    const Record* record;
  };
  struct Job {
    Ticket ticket = 0;
    const Record* record = nullptr;
    Child child;
    std::size_t given = 0;  // bytes of the body written so far
    std::string reply;
    LastLine said;  // on standard error
    Clock::Steady started{};
    std::string why_killed;
  };

  void start(const Waiting& next) {
    Job job;
    job.ticket = next.ticket;
    job.record = next.record;
    job.started = options_.clock->steady();
    job.child = spawn(*next.record);
    ++last_;
    watch(job.child.ended, EPOLLIN, kEnded);
    watch(job.child.input, EPOLLOUT, kInput);
    if (options_.replies) watch(job.child.output, EPOLLIN, kOutput);
    if (options_.errors_to >= 0) watch(job.child.errors, EPOLLIN, kErrors);
    give_body(jobs_.emplace(last_, std::move(job)).first->second);
  }

  Child spawn(const Record& record) {
    const auto left_out = [this](std::string_view name) { tell_left_out(name); };
    auto environment = handler_environment(options_.environment, record, left_out);
    for (;;) {
      try {
        return Child(options_.command, environment,
                     options_.replies ? Child::Prints::to_us : Child::Prints::where_we_do,
                     options_.errors_to >= 0 ? Child::Errors::to_us : Child::Errors::where_ours_go);
      } catch (const Error& error) {
        if (error.kind() != ErrorKind::data) throw;
        const std::string name = leave_out_largest(environment);
        if (name.empty()) throw Error(ErrorKind::io, error.what());  // not caused by the record
        left_out(name);
      }
    }
  }

  void tell_left_out(std::string_view name) {
    if (left_out_.emplace(name).second)
      options_.notice(fmt::format("{} is too large for an environment: the command runs without it", name));
  }

  void watch(const Descriptor& what, std::uint32_t events, std::uint64_t kind) {
    epoll_event event{};
    event.events = events;
    event.data.u64 = last_ * kKinds + kind;
    if (epoll_ctl(events_.get(), EPOLL_CTL_ADD, what.get(), &event) != 0)
      throw system_error("watch a process");
  }

  // Closing the descriptor does not always remove it from epoll: a process that is just starting may hold a
  // copy for a moment.
  void forget(Descriptor& what) {
    if (what.get() >= 0) epoll_ctl(events_.get(), EPOLL_CTL_DEL, what.get(), nullptr);
    what = Descriptor();
  }

  // A command need not read its input.
  void give_body(Job& job) {
    const std::string& body = job.record->body;
    while (job.given < body.size()) {
      const ssize_t wrote = write(job.child.input.get(), body.data() + job.given, body.size() - job.given);
      if (wrote < 0 && errno == EAGAIN) return;
      if (wrote < 0 && errno != EINTR) break;
      if (wrote > 0) job.given += static_cast<std::size_t>(wrote);
    }
    forget(job.child.input);
  }

  void read_reply(Job& job) {
    std::array<char, kReadAtOnce> bytes;
    while (job.reply.size() <= options_.largest_reply) {
      const ssize_t got = read(job.child.output.get(), bytes.data(), bytes.size());
      if (got > 0) {
        job.reply.append(bytes.data(), static_cast<std::size_t>(got));
      } else if (got < 0 && errno == EAGAIN) {
        return;
      } else if (got == 0 || errno != EINTR) {
        forget(job.child.output);
        return;
      }
    }
    kill(job, "its reply is too large");
  }

  void pass_errors(Job& job) {
    std::array<char, kReadAtOnce> bytes;
    for (;;) {
      const ssize_t got = read(job.child.errors.get(), bytes.data(), bytes.size());
      if (got < 0 && errno == EINTR) continue;
      if (got < 0 && errno == EAGAIN) return;
      if (got <= 0) return forget(job.child.errors);
      const std::string_view said(bytes.data(), static_cast<std::size_t>(got));
      job.said.add(said);
      pass_on(said);
    }
  }

  // A reader of standard error that does not read for a moment misses what is written then.
  void pass_on(std::string_view bytes) const {
    while (!bytes.empty()) {
      pollfd to{options_.errors_to, POLLOUT, 0};
      if (poll(&to, 1, kMoment) <= 0) return;
      const ssize_t wrote = write(options_.errors_to, bytes.data(), std::min(bytes.size(), kWrittenAtOnce));
      if (wrote < 0 && errno != EINTR) return;
      if (wrote > 0) bytes.remove_prefix(static_cast<std::size_t>(wrote));
    }
  }

  // A process that it started may keep its output open, so the reply is what can be read now.
  void end(std::map<std::uint64_t, Job>::iterator at) {
    Job& job = at->second;
    if (job.child.output.get() >= 0 && job.why_killed.empty()) read_reply(job);
    if (job.child.errors.get() >= 0) pass_errors(job);
    if (auto result = reap(job)) known_.push_back(std::move(*result));
    forget(job.child.ended);
    forget(job.child.input);
    forget(job.child.output);
    forget(job.child.errors);
    jobs_.erase(at);
  }

  // Nothing if the command could not be started.
  std::optional<DeliveryResult> reap(Job& job) {
    const int status = job.child.reap();
    if (!job.why_killed.empty())
      return DeliveryResult{job.ticket, DeliveryStatus::rejected, 0, job.why_killed};
    const int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    if (code == 0) {
      DeliveryResult result{job.ticket, DeliveryStatus::confirmed, 0, {}};
      if (options_.replies) result.reply = replies::reply_of(std::move(job.reply));
      return result;
    }
    closed_ = closed_ || reader_has_gone();
    if (closed_) return DeliveryResult{job.ticket, DeliveryStatus::untried, 0, {}};
    if (code == kCannotRun || code == kNotFound) {
      fault_ = Error(ErrorKind::missing, fmt::format("cannot start {}, or what it runs: exit {}",
                                                     options_.command.front(), code));
      return std::nullopt;
    }
    const std::string said = job.said.text();
    return DeliveryResult{job.ticket, failure_of(status), 0,
                          said.empty() ? ending_text(status) : ending_text(status) + ": " + said};
  }

  DeliveryStatus failure_of(int status) const {
    if (WIFEXITED(status) && WEXITSTATUS(status) == kTryAgain) return DeliveryStatus::deferred;
    if (hurried_) return DeliveryStatus::untried;
    return ended_from_outside(status) ? DeliveryStatus::deferred : DeliveryStatus::rejected;
  }

  bool reader_has_gone() const {
    pollfd output{options_.prints_to, 0, 0};
    return poll(&output, 1, 0) > 0 && (output.revents & POLLERR) != 0;
  }

  milliseconds time_left(const Job& job) const {
    return std::chrono::ceil<milliseconds>(job.started + options_.job_timeout - options_.clock->steady());
  }

  void kill_late() {
    if (options_.job_timeout.count() == 0) return;
    for (auto& [number, job] : jobs_)
      if (job.why_killed.empty() && time_left(job).count() <= 0)
        kill(job, "killed after " + duration_text(options_.job_timeout));
  }

  void kill(Job& job, std::string why) {
    forget(job.child.output);
    job.child.kill();
    job.why_killed = std::move(why);
  }

  ExecOptions options_;
  Descriptor events_;
  std::vector<Waiting> waiting_;
  std::map<std::uint64_t, Job> jobs_;
  std::uint64_t last_ = 0;  // the number of the last job
  bool closed_ = false;
  bool hurried_ = false;                         // start nothing new
  std::optional<Error> fault_;                   // the command cannot be started
  std::set<std::string, std::less<>> left_out_;  // variables that were reported
  std::vector<DeliveryResult> known_;
};

}  // namespace

std::unique_ptr<Sink> open_exec_sink(const ExecOptions& options) {
  return std::make_unique<ExecSink>(options);
}

}  // namespace iso::handlers
