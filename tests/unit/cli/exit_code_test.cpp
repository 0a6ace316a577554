#include "cli/exit_code.h"

#include <doctest/doctest.h>
#include <set>

using namespace iso;

TEST_CASE("exit_code: every ending has the number of the manual") {
  const std::pair<Kind, int> kinds[] = {{Kind::usage, 64},       {Kind::data, 65},     {Kind::missing, 66},
                                        {Kind::unavailable, 69}, {Kind::internal, 70}, {Kind::io, 74},
                                        {Kind::unconfirmed, 75}, {Kind::refused, 77},  {Kind::config, 78}};
  for (const auto& [kind, code] : kinds) CHECK(exit_code(kind) == code);
  const std::pair<Outcome, int> outcomes[] = {{Outcome::done, 0},
                                              {Outcome::no, 1},
                                              {Outcome::bad_data, 65},
                                              {Outcome::interrupted, 130},
                                              {Outcome::terminated, 143}};
  for (const auto& [outcome, code] : outcomes) CHECK(exit_code(outcome) == code);
}
