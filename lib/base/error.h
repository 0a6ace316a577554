#pragma once

#include <cerrno>
#include <stdexcept>
#include <string>
#include <string_view>

namespace iso {

// What stopped a command, by what the user can do about it. cli/shared/exit_code.h gives each its number.
enum class ErrorKind {
  usage,        // the command line
  data,         // a record of the input
  missing,      // an input file, or the queue to listen to
  unavailable,  // broker, store or origin cannot be reached
  internal,     // a bug in iso
  io,           // reading or writing failed
  unconfirmed,  // not known to be done in time
  refused,      // login or permission
  config,       // a settings file or a context
};

// What stops the command is thrown as this and nothing else. The text is for people: what failed, where,
// what to do next; lower case, no full stop, no password.
class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& what) : std::runtime_error(what), kind_(kind) {}

  ErrorKind kind() const noexcept { return kind_; }

  // The same error told from one floor up: "task: what".
  Error during(std::string_view task) const { return {kind_, std::string(task) + ": " + what()}; }

 private:
  ErrorKind kind_;
};

// What errno says of the system call that has just failed: "cannot TASK NAME: No space left on device".
Error system_error(std::string_view task, std::string_view name = {}, ErrorKind kind = ErrorKind::io,
                   int code = errno);

}  // namespace iso
