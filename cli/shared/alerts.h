#pragma once

#include <string>
#include <vector>

#include "breaker/breaker.h"
#include "cli/shared/environment.h"
#include "cli/shared/report.h"
#include "handlers/child.h"

namespace iso::cli {

// Runs a command when a circuit has opened, in the background. Its output goes to standard error. When iso
// ends, the command has five more seconds, and is then killed.
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
