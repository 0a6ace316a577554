#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

#include "base/file.h"

namespace iso::handlers {

// A process that we started. It leads a session of its own: Ctrl-C is for us, who then wait for it, all that
// it started can be killed with it, and asking the terminal (/dev/tty) fails where it would stop for ever.
// Killed and reaped when this goes.
class Child {
 public:
  Child() = default;
  enum class Prints { where_we_do, to_us, to_stderr };

  // Starts `command`, a program that is looked for in PATH and its arguments, with the environment's entries
  // NAME=value. Its standard input is a pipe, and so is its standard output if it prints to us.
  // Throws ErrorKind::missing if there is no such program, ErrorKind::data if environment and arguments are
  // too large, ErrorKind::io.
  Child(std::vector<std::string> command, std::vector<std::string> environment, Prints prints);
  ~Child();
  Child(Child&& other) noexcept;
  Child& operator=(Child&& other) noexcept;

  explicit operator bool() const { return pid_ != 0; }

  // For poll(2). `input` and `output` are pipes that do not block; `ended` is readable once it has ended.
  Descriptor input, output, ended;

  void kill();
  // Waits for its end, at most so long. False: it still runs.
  bool wait(std::chrono::milliseconds limit);
  // Waits for its end. A status as of wait(2).
  int reap();

 private:
  pid_t pid_ = 0;
};

// "exit 3", "ended by signal 9"
std::string ending_text(int status);

}  // namespace iso::handlers
