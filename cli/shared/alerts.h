#pragma once

#include <string>
#include <vector>

#include "breaker/breaker.h"
#include "cli/shared/environment.h"
#include "cli/shared/report.h"
#include "handlers/child.h"

namespace iso::cli {

// Runs a command when a circuit has opened, beside all else. What it prints goes to standard error. At the
// end it has five more seconds, then it is killed.
class Alerts {
 public:
  // `command` is cut into words; "": none. Throws ErrorKind::usage.
  Alerts(const std::string& command, const Environment& environment, Report& report);
  ~Alerts();
  Alerts(const Alerts&) = delete;
  Alerts& operator=(const Alerts&) = delete;

  void run(const breaker::Trip& trip);

 private:
  std::vector<std::string> command_;
  const Environment& environment_;
  Report& report_;
  std::vector<handlers::Child> running_;
};

}  // namespace iso::cli
