#pragma once

#include <string>
#include <vector>

#include "breaker/breaker.h"
#include "cli/environment.h"
#include "cli/report.h"
#include "ends/child.h"

namespace iso {

// Runs a command when a circuit has opened, beside all else. What it prints goes to standard error. At the
// end it has five more seconds, then it is killed.
class Alerts {
 public:
  // `command` is cut into words; "": none. Throws Kind::usage.
  Alerts(const std::string& command, const Environment& environment, Report& report);
  ~Alerts();
  Alerts(const Alerts&) = delete;
  Alerts& operator=(const Alerts&) = delete;

  void run(const Trip& trip);

 private:
  std::vector<std::string> command_;
  const Environment& environment_;
  Report& report_;
  std::vector<Child> running_;
};

}  // namespace iso
