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

// The circuits of all processes that use one file. Creates the file and its folder, for the owner only, if
// they are missing. A power failure may lose changes; a crash of a process does not. Throws ErrorKind::io,
// and ErrorKind::unavailable if another process locks the file for longer than `busy`.
class BreakerStore {
 public:
  BreakerStore(const std::string& path, std::chrono::milliseconds busy, const Clock& clock);

  Circuit read(std::string_view key);  // a closed circuit, if the file has none for the key
  std::vector<NamedCircuit> list();

  // Calls `change` to read and change a circuit in a transaction; it returns whether it changed the circuit.
  // `now` is read while the transaction holds the lock, so it is not before a time that another process has
  // stored.
  void edit(std::string_view key, const std::function<bool(Circuit&, Clock::Wall now)>& change);

  // The process that probes a generation holds a lock on one byte of a file beside the store; the kernel
  // releases it when the process dies.
  void hold_probe(std::string_view key, std::int64_t generation);
  void release_probe(std::string_view key, std::int64_t generation);
  bool probe_owner_alive(std::string_view key, std::int64_t generation) const;

 private:
  void write(std::string_view key, const Circuit& circuit, Clock::Wall now);
  void forget_idle(Clock::Wall now);

  const Clock& clock_;
  sqlite::Database database_;
  ByteLocks probes_;
  std::set<std::pair<std::string, std::int64_t>> held_;  // a process does not see its own locks
};

}  // namespace iso::breaker
