#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/private_file.h"
#include "base/sqlite.h"
#include "breaker/circuit.h"

namespace iso::breaker {

struct NamedCircuit {
  std::string key;
  Circuit circuit;
};

// The circuits of all processes that use one file; made, with its folder, if it is missing, for its owner
// alone. What is here may be lost with the power, never with a process. Throws ErrorKind::io, and
// ErrorKind::unavailable if another process holds the file for longer than `busy`.
class BreakerStore {
 public:
  BreakerStore(const std::string& path, std::chrono::milliseconds busy);

  Circuit read(std::string_view key);  // closed, if nothing is known
  std::vector<NamedCircuit> list();

  // Lets `change` look at a circuit and change it while nobody else can; it says whether it did.
  void edit(std::string_view key, Clock::Wall now, const std::function<bool(Circuit&)>& change);

  // Whoever tries a circuit in an generation holds a lock on a byte of a file beside the store, which the
  // kernel frees when they die.
  void hold_probe(std::string_view key, std::int64_t generation);
  void release_probe(std::string_view key, std::int64_t generation);
  bool probe_owner_alive(std::string_view key, std::int64_t generation) const;

 private:
  void write(std::string_view key, const Circuit& circuit, Clock::Wall now);
  void forget_idle(Clock::Wall now);

  sqlite::Database database_;
  ByteLocks probes_;
  std::set<std::pair<std::string, std::int64_t>> held_;  // a lock is no obstacle to its own holder
};

}  // namespace iso::breaker
