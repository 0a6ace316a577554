#include "amqp/addresses.h"

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <cstring>
#include <fmt/core.h>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "base/error.h"

namespace iso::amqp {
namespace {

[[noreturn]] void fail(const std::string& why) {
  throw Error(ErrorKind::unavailable, why);
}

struct Found {
  int status = 0, error = 0;
  Addresses list;
};

Found find_addresses(const std::string& host, std::uint16_t port, int flags) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV | flags;
  addrinfo* list = nullptr;
  Found found;
  found.status = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list);
  found.error = errno;
  found.list.reset(list);
  return found;
}

// Shared with the thread that asks; the last of the two frees it.
struct Question {
  std::mutex mutex;
  std::condition_variable done;
  bool is_done = false;
  Found found;
};

void ask(const std::shared_ptr<Question>& question, const std::string& host, std::uint16_t port) {
  Found found = find_addresses(host, port, 0);
  const std::lock_guard lock(question->mutex);
  question->found = std::move(found);
  question->is_done = true;
  question->done.notify_one();
}

// Signals are for the thread that started us.
void start_without_signals(std::shared_ptr<Question> question, const std::string& host, std::uint16_t port) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  try {
    std::thread([question = std::move(question), host, port] { ask(question, host, port); }).detach();
  } catch (...) {
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    throw;
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

// The resolver has a patience of its own and hears no signal, so it is asked in another thread, which is left
// to itself when the time is up.
Found find_in_time(const std::string& host, std::uint16_t port, Deadline& deadline) {
  constexpr std::chrono::milliseconds kMoment{100};
  const auto question = std::make_shared<Question>();
  try {
    start_without_signals(question, host, port);
  } catch (const std::system_error&) {  // no more threads: then as long as it takes
    return find_addresses(host, port, 0);
  }
  std::unique_lock lock(question->mutex);
  while (
      !question->done.wait_for(lock, std::min(deadline.left(), kMoment), [&] { return question->is_done; }))
    if (deadline.passed()) fail(fmt::format("looking up the host: {}", deadline.reason()));
  return std::move(question->found);
}

}  // namespace

Addresses look_up(const std::string& host, std::uint16_t port, Deadline& deadline) {
  Found found = find_addresses(host, port, AI_NUMERICHOST);
  if (found.status == EAI_NONAME) found = find_in_time(host, port, deadline);
  if (found.status == 0) return std::move(found.list);
  if (found.status == EAI_NONAME) fail("no such host");
  fail(fmt::format("looking up the host: {}",
                   found.status == EAI_SYSTEM ? std::strerror(found.error) : gai_strerror(found.status)));
}

}  // namespace iso::amqp
