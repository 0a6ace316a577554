#pragma once

#include <doctest/doctest.h>
#include <optional>
#include <string>

#include "base/error.h"

namespace iso::test {

// The error that a call throws; the test fails if it throws none.
template <class Call>
Error error_of(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return error;
  }
  FAIL("nothing was thrown");
  return {ErrorKind::internal, ""};
}

inline bool says(const Error& error, std::string_view text) {
  return std::string_view(error.what()).find(text) != std::string_view::npos;
}

}  // namespace iso::test
