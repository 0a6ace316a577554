#pragma once

#include "base/error.h"
#include "cli/command.h"

namespace iso {

// The one table from endings to numbers, as in man iso under EXIT STATUS. No default: a new ending does not
// compile until it has its number.
constexpr int exit_code(Kind kind) {
  switch (kind) {
    case Kind::usage:
      return 64;
    case Kind::data:
      return 65;
    case Kind::missing:
      return 66;
    case Kind::unavailable:
      return 69;
    case Kind::internal:
      return 70;
    case Kind::io:
      return 74;
    case Kind::unconfirmed:
      return 75;
    case Kind::refused:
      return 77;
    case Kind::config:
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
    case Outcome::bad_data:
      return 65;
    case Outcome::interrupted:
      return 130;
    case Outcome::terminated:
      return 143;
  }
  return 70;
}

}  // namespace iso
