#include "handlers/child.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

#include "base/error.h"

namespace iso::handlers {
namespace {

std::array<Descriptor, 2> make_pipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw system_error("make a pipe");
  return {Descriptor::own(ends[0]), Descriptor::own(ends[1])};
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (auto& text : texts) list.push_back(text.data());
  list.push_back(nullptr);
  return list;
}

// The arguments of posix_spawn, freed with this object.
class SpawnPlan {
 public:
  SpawnPlan() {
    posix_spawn_file_actions_init(&actions_);
    posix_spawnattr_init(&attributes_);
    // The command must not inherit the signals that iso ignores or blocks.
    sigset_t ours, none;
    sigemptyset(&none);
    sigemptyset(&ours);
    for (const int signal : {SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGXFSZ}) sigaddset(&ours, signal);
    posix_spawnattr_setsigdefault(&attributes_, &ours);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setflags(&attributes_,
                             POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  }
  ~SpawnPlan() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;

  void connect(int from, int to) { posix_spawn_file_actions_adddup2(&actions_, from, to); }

  int spawn(pid_t& pid, std::vector<std::string>& command, std::vector<std::string>& environment) const {
    auto arguments = pointers(command), variables = pointers(environment);
    return posix_spawnp(&pid, arguments.front(), &actions_, &attributes_, arguments.data(), variables.data());
  }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

}  // namespace

Child::Child(std::vector<std::string> command, std::vector<std::string> environment, Prints prints,
             Errors errors_go) {
  SpawnPlan plan;
  auto [its_input, our_input] = make_pipe();
  plan.connect(its_input.get(), STDIN_FILENO);
  std::array<Descriptor, 2> out;
  if (prints == Prints::to_stderr) plan.connect(STDERR_FILENO, STDOUT_FILENO);
  if (prints == Prints::to_us) {
    out = make_pipe();
    plan.connect(out[1].get(), STDOUT_FILENO);
    fcntl(out[0].get(), F_SETFL, O_NONBLOCK);
  }
  std::array<Descriptor, 2> err;
  if (errors_go == Errors::to_us) {
    err = make_pipe();
    plan.connect(err[1].get(), STDERR_FILENO);
    fcntl(err[0].get(), F_SETFL, O_NONBLOCK);
  }
  if (const int error = plan.spawn(pid_, command, environment); error != 0) {
    if (error == E2BIG) throw Error(ErrorKind::data, "its environment and arguments are too large");
    throw system_error("start", command.front(),
                       error == ENOENT || error == EACCES ? ErrorKind::missing : ErrorKind::io, error);
  }
  ended = Descriptor::own(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)));
  fcntl(our_input.get(), F_SETFL, O_NONBLOCK);
  input = std::move(our_input);
  output = std::move(out[0]);
  errors = std::move(err[0]);
}

Child::~Child() {
  if (pid_ == 0) return;
  kill();
  reap();
}

Child::Child(Child&& other) noexcept
    : input(std::move(other.input)),
      output(std::move(other.output)),
      errors(std::move(other.errors)),
      ended(std::move(other.ended)),
      pid_(std::exchange(other.pid_, 0)) {}

Child& Child::operator=(Child&& other) noexcept {
  std::swap(input, other.input);
  std::swap(output, other.output);
  std::swap(errors, other.errors);
  std::swap(ended, other.ended);
  std::swap(pid_, other.pid_);
  return *this;
}

void Child::kill() {
  if (pid_ != 0) ::kill(-pid_, SIGKILL);
}

bool Child::wait(std::chrono::milliseconds limit) {
  pollfd fd{ended.get(), POLLIN, 0};
  return poll(&fd, 1, static_cast<int>(limit.count())) > 0;
}

int Child::reap() {
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = 0;
  return status;
}

std::string ending_text(int status) {
  if (WIFSIGNALED(status)) return fmt::format("ended by signal {}", WTERMSIG(status));
  return fmt::format("exit {}", WEXITSTATUS(status));
}

}  // namespace iso::handlers
