#include "record/condition.h"

#include <doctest/doctest.h>

#include "record/read.h"
#include "support/errors.h"

using namespace iso;

namespace {

Record message() {
  return read_record(
      R"({"message_id":"m1","routing_key":"a=b","headers":{"tenant":"t1","x":0,"nothing":null,"a~b":"c"},
          "body":{"total":3.50,"big":12345678901234567890,"note":"none in stock","at":"2024-05-01","open":true,
                  "items":[{"sku":"7"}]}})");
}

}  // namespace

TEST_CASE("condition: it holds or not, by text or by number") {
  const struct {
    const char* text;
    bool holds;
  } rows[] = {
      {"/message_id=m1", true},
      {"/message_id = m1", true},
      {"/message_id=m", false},
      {"/message_id!=m1", false},
      {"/message_id != m2", true},
      {"/routing_key=a=b", true},
      {"/body/total>3", true},
      {"/body/total > 3.5", false},
      {"/body/total>=3.5", true},
      {"/body/total<=3.49", false},
      {"/body/total<30", true},  // not by its text
      {"/body/total=3.5", true},
      {"/body/total!=35e-1", false},
      {"/body/big=12345678901234567891", false},
      {"/body/big>12345678901234567889", true},
      {"/body/total>a", false},  // a number is not compared with a text
      {"/body/note>3", false},
      {"/body/at>=2024-04-30", true},
      {"/body/at<2024-04-30", false},
      {"/body/note~stock", true},
      {"/body/note ~ in stock", true},
      {"/body/note!~stock", false},
      {"/body/note~", true},
      {"/body/open=true", true},
      {"/body/items/0/sku=7", true},
      {"/body/items/0/sku=\"7\"", true},
      {"/body/items/1/sku", false},
      {"/headers/x", true},
      {"/headers/y", false},
      {"/headers/nothing", false},
      {"/headers/y!=1", true},
      {"/headers/y!~1", true},
      {"/headers/y=", false},
      {"/headers/a~0b=c", true},
      {"/headers/a~0b ~ c", true},
      {"/body~stock", true},
      {"/body/total ~ 50", true},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    CHECK(Condition(row.text).holds(message()) == row.holds);
  }
}

TEST_CASE("condition: what cannot be read says how one is written") {
  for (const char* text : {"", "total>3", "=3", " /a=1"}) {
    CAPTURE(text);
    const Error error = test::error_of([&] { Condition{text}; });
    CHECK(error.kind() == ErrorKind::usage);
    CHECK(test::says(error, "use /FIELD"));
  }
}

TEST_CASE("condition: all must hold") {
  CHECK(hold({}, message()));
  CHECK(hold({Condition("/body/total>3"), Condition("/headers/x=0")}, message()));
  CHECK_FALSE(hold({Condition("/body/total>3"), Condition("/headers/x=1")}, message()));
}
