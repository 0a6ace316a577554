#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "discovery/registry.h"

namespace iso::discovery {

// One entry of a registry that is there for `ttl` after it was renewed last.
class Lease {
 public:
  virtual ~Lease() = default;
  // Writes the entry, or keeps it for longer. Throws ErrorKind::unavailable, ErrorKind::refused.
  virtual void renew() = 0;
  // Takes it back. Throws the same.
  virtual void end() = 0;
};

// `where` is etcd or Redis.
std::unique_ptr<Lease> open_lease(RegistryKind where, const std::string& service, const Instance& instance,
                                  std::chrono::seconds ttl, const RegistryOptions& options);
std::unique_ptr<Lease> etcd_lease(const std::string& service, const Instance& instance,
                                  std::chrono::seconds ttl, const RegistryOptions& options);
std::unique_ptr<Lease> redis_lease(const std::string& service, const Instance& instance,
                                   std::chrono::seconds ttl, const RegistryOptions& options);

// How long an entry outlives a process that was killed.
inline constexpr std::chrono::seconds kRegistered{10};

// An entry that is there as long as this is: written now, kept by a thread, and taken back. A registry that
// is away later is tried again and again, and the entry is written anew if it has gone meanwhile.
class Registration {
 public:
  // Throws what renew() does. `name` is what it is called in news().
  Registration(std::unique_ptr<Lease> lease, std::string name,
               std::chrono::milliseconds renew_every = std::chrono::milliseconds(kRegistered) / 3);
  ~Registration();
  Registration(const Registration&) = delete;
  Registration& operator=(const Registration&) = delete;

  // What happened since it was asked last, for people: the registry went away, or came back.
  std::vector<std::string> news();

 private:
  void keep();

  std::unique_ptr<Lease> lease_;
  std::string name_;
  std::chrono::milliseconds renew_every_;
  std::mutex mutex_;  // over what follows
  std::condition_variable changed_;
  bool ending_ = false;
  std::vector<std::string> news_;
  std::thread thread_;
};

}  // namespace iso::discovery
