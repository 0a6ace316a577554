#include "base/library.h"

#include <doctest/doctest.h>
#include <string>

#include "base/error.h"

using namespace iso;

TEST_CASE("library: a function is found when it is called, and what is not there is named") {
  const LateFunction<double (*)(double)> cosine{"libm.so.6", "cos"};
  CHECK(cosine(0) == 1);
  CHECK(cosine(0) == 1);

  const LateFunction<int (*)()> of_no_library{"libno-such.so.0", "cos"};
  const LateFunction<int (*)()> no_function{"libm.so.6", "no_such_function"};
  CHECK_THROWS_WITH_AS(of_no_library(), doctest::Contains("libno-such.so.0"), Error);
  CHECK_THROWS_WITH_AS(no_function(), doctest::Contains("no_such_function"), Error);
}
