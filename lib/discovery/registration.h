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

// An entry in a registry that expires `ttl` after its last renewal.
class Lease {
 public:
  virtual ~Lease() = default;
  // Writes the entry or extends its lifetime. Throws ErrorKind::unavailable, ErrorKind::refused.
  virtual void renew() = 0;
  // Removes the entry. Throws the same.
  virtual void end() = 0;
};

// `where` is etcd or redis; throws ErrorKind::usage for dns.
std::unique_ptr<Lease> open_lease(RegistryKind where, const std::string& service, const Instance& instance,
                                  std::chrono::seconds ttl, const RegistryOptions& options);
std::unique_ptr<Lease> etcd_lease(const std::string& service, const Instance& instance,
                                  std::chrono::seconds ttl, const RegistryOptions& options);
std::unique_ptr<Lease> redis_lease(const std::string& service, const Instance& instance,
                                   std::chrono::seconds ttl, const RegistryOptions& options);

// How long an entry outlives a process that was killed.
inline constexpr std::chrono::seconds kRegistered{10};

// Registers an instance while this object exists: writes the entry now, renews it in a thread, and removes it
// in the destructor. If the registry fails later, the thread keeps trying, and writes the entry again if it
// has expired.
class Registration {
 public:
  // Throws what Lease::renew() throws. `name` identifies the entry in news().
  Registration(std::unique_ptr<Lease> lease, std::string name,
               std::chrono::milliseconds renew_every = std::chrono::milliseconds(kRegistered) / 3);
  ~Registration();
  Registration(const Registration&) = delete;
  Registration& operator=(const Registration&) = delete;

  // What has happened since the last call, for people: the registry failed, or works again.
  std::vector<std::string> news();

 private:
  void keep();

  std::unique_ptr<Lease> lease_;
  std::string name_;
  std::chrono::milliseconds renew_every_;
  std::mutex mutex_;  // protects the members below
  std::condition_variable changed_;
  bool ending_ = false;
  std::vector<std::string> news_;
  std::thread thread_;
};

}  // namespace iso::discovery
