#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

#include "base/file.h"

namespace iso::handlers {

// A child process. It leads a session of its own, so that Ctrl-C reaches only iso, which then waits for it,
// everything it started can be killed with it, and reading from /dev/tty fails instead of blocking for ever.
// Killed and reaped with this object.
class Child {
 public:
  Child() = default;
  enum class Prints { where_we_do, to_us, to_stderr };

  // Starts `command`, a program that is searched for in PATH and its arguments, with an environment of
  // NAME=value entries. Its standard input is a pipe; so is its standard output with Prints::to_us. Throws
  // ErrorKind::missing if there is no such program, ErrorKind::data if environment and arguments are too
  // large, ErrorKind::io for other failures.
  Child(std::vector<std::string> command, std::vector<std::string> environment, Prints prints);
  ~Child();
  Child(Child&& other) noexcept;
  Child& operator=(Child&& other) noexcept;

  explicit operator bool() const { return pid_ != 0; }

  // For poll(2). `input` and `output` are pipes that do not block; `ended` is readable once it has ended.
  Descriptor input, output, ended;

  void kill();
  // Waits for its end, for at most `limit`. False if it is still running.
  bool wait(std::chrono::milliseconds limit);
  // Waits for its end and returns its status as wait(2) does.
  int reap();

 private:
  pid_t pid_ = 0;
};

// "exit 3", "ended by signal 9"
std::string ending_text(int status);

}  // namespace iso::handlers
