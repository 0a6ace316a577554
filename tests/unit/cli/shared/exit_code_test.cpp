#include "cli/shared/exit_code.h"

#include <doctest/doctest.h>
#include <set>

using namespace iso;
using namespace iso::cli;

TEST_CASE("exit_code: every ending has the number of the manual") {
  const std::pair<ErrorKind, int> kinds[] = {
      {ErrorKind::usage, 64},       {ErrorKind::data, 65},     {ErrorKind::missing, 66},
      {ErrorKind::unavailable, 69}, {ErrorKind::internal, 70}, {ErrorKind::io, 74},
      {ErrorKind::unconfirmed, 75}, {ErrorKind::refused, 77},  {ErrorKind::config, 78}};
  for (const auto& [kind, code] : kinds) CHECK(exit_code(kind) == code);
  const std::pair<Outcome, int> outcomes[] = {{Outcome::done, 0},         {Outcome::no, 1},
                                              {Outcome::bad_data, 65},    {Outcome::interrupted, 130},
                                              {Outcome::terminated, 143}, {Outcome::hung_up, 129}};
  for (const auto& [outcome, code] : outcomes) CHECK(exit_code(outcome) == code);
}
