#include "ends/process.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <map>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/duration.h"
#include "base/error.h"
#include "base/file.h"
#include "ends/process_environment.h"

namespace iso {
namespace {

using std::chrono::milliseconds;

constexpr int kTryAgain = 75;  // EX_TEMPFAIL of sysexits.h
constexpr int kEventsAtOnce = 64;

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (auto& text : texts) list.push_back(text.data());
  list.push_back(nullptr);
  return list;
}

// What posix_spawn is told, freed in the end.
class SpawnPlan {
 public:
  explicit SpawnPlan(int standard_input) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_adddup2(&actions_, standard_input, STDIN_FILENO);
    posix_spawnattr_init(&attributes_);
    // Ctrl-C is for us, who wait for the job; and what we ignore or block is no business of the command.
    sigset_t ours, none;
    sigemptyset(&none);
    sigemptyset(&ours);
    for (const int signal : {SIGPIPE, SIGINT, SIGTERM}) sigaddset(&ours, signal);
    posix_spawnattr_setsigdefault(&attributes_, &ours);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setflags(&attributes_,
                             POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  }
  ~SpawnPlan() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;

  int spawn(pid_t& pid, std::vector<std::string>& command, std::vector<std::string>& environment) const {
    auto arguments = pointers(command), variables = pointers(environment);
    return posix_spawnp(&pid, arguments.front(), &actions_, &attributes_, arguments.data(), variables.data());
  }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

class ExecSink final : public Sink {
 public:
  explicit ExecSink(const ExecOptions& options)
      : options_(options), events_(Descriptor::own(epoll_create1(EPOLL_CLOEXEC))) {}

  // What is still running is not waited for: its messages are not settled, and come again.
  ~ExecSink() override {
    for (const auto& [number, job] : jobs_) {
      kill(-job.pid, SIGKILL);
      waitpid(job.pid, nullptr, 0);
    }
  }

  void put(Ticket ticket, const Record& record) override { waiting_.push_back({ticket, &record}); }

  void flush() override {
    std::size_t started = 0;
    for (; started < waiting_.size() && jobs_.size() < options_.jobs; ++started) start(waiting_[started]);
    waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(started));
  }

  void verdicts(std::vector<Verdict>& out) override {
    epoll_event events[kEventsAtOnce];
    const int count = epoll_wait(events_.get(), events, kEventsAtOnce, 0);
    for (int i = 0; i < count; ++i) {
      const auto job = jobs_.find(events[i].data.u64 / 2);
      if (job == jobs_.end()) continue;
      if (events[i].data.u64 % 2 == 0) {
        give_body(job->second);
      } else {
        known_.push_back(reap(job->second));
        forget(job->second.ended);
        forget(job->second.input);
        jobs_.erase(job);
      }
    }
    kill_late();
    flush();
    out.insert(out.end(), std::make_move_iterator(known_.begin()), std::make_move_iterator(known_.end()));
    known_.clear();
  }

  Wait wait() const override {
    Wait wait{events_.get(), EPOLLIN, std::nullopt};
    for (const auto& [number, job] : jobs_)
      if (options_.job_timeout.count() != 0 && !job.killed)
        wait.at_most =
            std::min(wait.at_most.value_or(milliseconds::max()), std::max(time_left(job), milliseconds(0)));
    return wait;
  }

 private:
  struct Waiting {
    Ticket ticket;
    const Record* record;
  };
  struct Job {
    Ticket ticket = 0;
    const Record* record = nullptr;
    pid_t pid = 0;
    Descriptor ended, input;
    std::size_t given = 0;  // bytes of the body
    Clock::Steady started{};
    bool killed = false;
  };

  void start(const Waiting& next) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) failed("make a pipe");
    const auto read_end = Descriptor::own(ends[0]);
    Job job{next.ticket, next.record, 0, {}, Descriptor::own(ends[1]), 0, system_clock().steady(), false};
    auto environment = handler_environment(options_.environment, *next.record);
    const int error = SpawnPlan(read_end.get()).spawn(job.pid, options_.command, environment);
    if (error == E2BIG) {
      known_.push_back({next.ticket, Fate::rejected, 0, "its fields do not fit an environment"});
      return;
    }
    if (error != 0)
      throw Error(error == ENOENT || error == EACCES ? Kind::missing : Kind::io,
                  fmt::format("cannot start {}: {}", options_.command.front(), std::strerror(error)));
    job.ended = Descriptor::own(static_cast<int>(syscall(SYS_pidfd_open, job.pid, 0)));
    fcntl(job.input.get(), F_SETFL, O_NONBLOCK);
    watch(job.ended, EPOLLIN, ++last_ * 2 + 1);
    watch(job.input, EPOLLOUT, last_ * 2);
    give_body(jobs_.emplace(last_, std::move(job)).first->second);
  }

  [[noreturn]] static void failed(std::string_view task) {
    throw Error(Kind::io, fmt::format("cannot {}: {}", task, std::strerror(errno)));
  }

  void watch(const Descriptor& what, std::uint32_t events, std::uint64_t number) {
    epoll_event event{};
    event.events = events;
    event.data.u64 = number;
    if (epoll_ctl(events_.get(), EPOLL_CTL_ADD, what.get(), &event) != 0) failed("watch a process");
  }

  // Closing is not enough to end the watch: a process that is just starting may hold the descriptor a little
  // longer.
  void forget(Descriptor& what) {
    if (what.get() >= 0) epoll_ctl(events_.get(), EPOLL_CTL_DEL, what.get(), nullptr);
    what = Descriptor();
  }

  // A command that does not read its input is as good as one that does.
  void give_body(Job& job) {
    const std::string& body = job.record->body;
    while (job.given < body.size()) {
      const ssize_t wrote = write(job.input.get(), body.data() + job.given, body.size() - job.given);
      if (wrote < 0 && errno == EAGAIN) return;
      if (wrote < 0 && errno != EINTR) break;
      if (wrote > 0) job.given += static_cast<std::size_t>(wrote);
    }
    forget(job.input);
  }

  Verdict reap(const Job& job) const {
    int status = 0;
    waitpid(job.pid, &status, 0);
    if (job.killed)
      return {job.ticket, Fate::rejected, 0, "killed after " + duration_text(options_.job_timeout)};
    if (WIFSIGNALED(status))
      return {job.ticket, Fate::rejected, 0, fmt::format("ended by signal {}", WTERMSIG(status))};
    const int code = WEXITSTATUS(status);
    if (code == 0) return {job.ticket, Fate::confirmed, 0, {}};
    return {job.ticket, code == kTryAgain ? Fate::deferred : Fate::rejected, 0, fmt::format("exit {}", code)};
  }

  milliseconds time_left(const Job& job) const {
    return std::chrono::ceil<milliseconds>(job.started + options_.job_timeout - system_clock().steady());
  }

  void kill_late() {
    if (options_.job_timeout.count() == 0) return;
    for (auto& [number, job] : jobs_) {
      if (job.killed || time_left(job).count() > 0) continue;
      kill(-job.pid, SIGKILL);
      job.killed = true;
    }
  }

  ExecOptions options_;
  Descriptor events_;
  std::vector<Waiting> waiting_;
  std::map<std::uint64_t, Job> jobs_;
  std::uint64_t last_ = 0;  // the number of the last job
  std::vector<Verdict> known_;
};

}  // namespace

std::unique_ptr<Sink> open_exec_sink(const ExecOptions& options) {
  return std::make_unique<ExecSink>(options);
}

}  // namespace iso
