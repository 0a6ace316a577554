#pragma once

#include "base/error.h"
#include "cli/shared/command.h"

namespace iso::cli {

// The only table of exit statuses, as in man iso under EXIT STATUS. No default: a new way to end does not
// compile until it has a number.
constexpr int exit_code(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::usage:
      return 64;
    case ErrorKind::data:
      return 65;
    case ErrorKind::missing:
      return 66;
    case ErrorKind::unavailable:
      return 69;
    case ErrorKind::internal:
      return 70;
    case ErrorKind::io:
      return 74;
    case ErrorKind::unconfirmed:
      return 75;
    case ErrorKind::refused:
      return 77;
    case ErrorKind::config:
      return 78;
  }
  return 70;
}

constexpr int exit_code(Outcome outcome) {
  switch (outcome) {
    case Outcome::done:
      return 0;
    case Outcome::no:
      return 1;
    case Outcome::missing:
      return 66;
    case Outcome::bad_data:
      return 65;
    case Outcome::interrupted:
      return 130;
    case Outcome::terminated:
      return 143;
    case Outcome::hung_up:
      return 129;
  }
  return 70;
}

}  // namespace iso::cli
