#include "discovery/registration.h"

#include <algorithm>
#include <csignal>
#include <fmt/core.h>
#include <utility>

#include "base/error.h"

namespace iso::discovery {
namespace {

constexpr std::chrono::milliseconds kTryAgain{1'000};

// Blocks all signals in the new thread: the main thread handles them.
std::thread without_signals(auto work) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread thread(std::move(work));
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return thread;
}

}  // namespace

std::unique_ptr<Lease> open_lease(RegistryKind where, const std::string& service, const Instance& instance,
                                  std::chrono::seconds ttl, const RegistryOptions& options) {
  switch (where) {
    case RegistryKind::etcd:
      return etcd_lease(service, instance, ttl, options);
    case RegistryKind::redis:
      return redis_lease(service, instance, ttl, options);
    case RegistryKind::dns:
      break;
  }
  throw Error(ErrorKind::usage, "a service cannot be registered in DNS; use etcd or Redis");
}

Registration::Registration(std::unique_ptr<Lease> lease, std::string name,
                           std::chrono::milliseconds renew_every)
    : lease_(std::move(lease)), name_(std::move(name)), renew_every_(renew_every) {
  lease_->renew();
  thread_ = without_signals([this] { keep(); });
}

Registration::~Registration() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
  try {
    lease_->end();
  } catch (const Error&) {  // the entry expires by its TTL
  }
}

std::vector<std::string> Registration::news() {
  const std::lock_guard lock(mutex_);
  return std::exchange(news_, {});
}

void Registration::keep() {
  bool away = false;
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, away ? std::min(kTryAgain, renew_every_) : renew_every_,
                            [this] { return ending_; })) {
    std::string news;
    lock.unlock();
    try {
      lease_->renew();
      if (std::exchange(away, false)) news = fmt::format("{} is registered again", name_);
    } catch (const Error& error) {
      if (!std::exchange(away, true))
        news = fmt::format("{} may no longer be registered: {}; trying again", name_, error.what());
    }
    lock.lock();
    if (!news.empty()) news_.push_back(std::move(news));
  }
}

}  // namespace iso::discovery
