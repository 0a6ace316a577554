#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

#include "base/file.h"

namespace iso::handlers {

// A child process. It leads its own session, so that Ctrl-C reaches only iso, which then waits for it;
// everything it started can be killed with it; and reading /dev/tty fails instead of blocking forever. Killed
// and reaped by the destructor.
class Child {
 public:
  Child() = default;
  enum class Prints { where_we_do, to_us, to_stderr };

  // Starts `command`, a program that is searched for in PATH and its arguments, with an environment of
  // NAME=value entries. Standard input is a pipe, and so is standard output with Prints::to_us. Throws
  // ErrorKind::missing if there is no such program, ErrorKind::data if environment and arguments are too
  // large, ErrorKind::io for other failures.
  // What it says on standard error goes where ours does, or with Errors::to_us into a pipe.
  enum class Errors { where_ours_go, to_us };
  Child(std::vector<std::string> command, std::vector<std::string> environment, Prints prints,
        Errors errors = Errors::where_ours_go);
  ~Child();
  Child(Child&& other) noexcept;
  Child& operator=(Child&& other) noexcept;

  explicit operator bool() const { return pid_ != 0; }

  // For poll(2). `input`, `output` and `errors` are nonblocking pipes; `ended` becomes readable when the
  // process has ended.
  Descriptor input, output, errors, ended;

  void kill();
  // Waits for the process to end, for at most `limit`. False if it is still running.
  bool wait(std::chrono::milliseconds limit);
  // Waits for the process to end and returns its status like wait(2).
  int reap();

 private:
  pid_t pid_ = 0;
};

// "exit 3", "ended by signal 9"
std::string ending_text(int status);

}  // namespace iso::handlers
