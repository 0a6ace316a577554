#include "base/percent.h"

#include <doctest/doctest.h>

using namespace iso;

TEST_CASE("percent_decoded: each %XX is its byte, and a % without two hex digits spoils it all") {
  CHECK(percent_decoded("a%2fb%2F%C3%a4%00") == std::string("a/b/ä\0", 7));
  for (const char* text : {"%", "%2", "%2g", "%g2", "a%", "%%41"}) {
    CAPTURE(text);
    CHECK_FALSE(percent_decoded(text));
  }
}

TEST_CASE("append_percent_encoded: one byte, in capitals") {
  std::string out = "a";
  append_percent_encoded(out, '/');
  append_percent_encoded(out, '\xC3');
  CHECK(out == "a%2F%C3");
}
