#include "record/death.h"

#include <doctest/doctest.h>

#include "record/read.h"

using namespace iso;

namespace {

std::optional<Death> death_of(const std::string& headers) {
  return first_death(read_record("{\"headers\":" + headers + ",\"body\":1}"));
}

}  // namespace

TEST_CASE("death: the first one is named by two headers, else it is the last of the list") {
  const std::string deaths =
      R"([{"queue":"retry","reason":"expired","exchange":"","routing-keys":["retry"]},
          {"queue":"orders","reason":"rejected","exchange":"shop","routing-keys":["new","cc"]},
          {"queue":"late","reason":"expired","exchange":"x","routing-keys":["y"]}])";
  const auto named = death_of(
      R"({"x-first-death-queue":"orders","x-first-death-reason":"rejected","x-death":)" + deaths + "}");
  REQUIRE(named);
  CHECK(named->exchange == "shop");
  CHECK(named->routing_key == "new");
  CHECK(named->queue == "orders");
  CHECK(named->reason == "rejected");
  CHECK(death_of("{\"x-death\":" + deaths + "}")->exchange == "x");
}

TEST_CASE("death: a header that is not RabbitMQ's is none") {
  for (const char* headers :
       {"{}", R"({"x-death":1})", R"({"x-death":[]})", R"({"x-death":[1]})",
        R"({"x-death":[{"exchange":"x"}]})", R"({"x-death":[{"exchange":"x","routing-keys":[]}]})",
        R"({"x-death":[{"exchange":1,"routing-keys":["a"]}]})"}) {
    CAPTURE(headers);
    CHECK_FALSE(death_of(headers));
  }
  CHECK_FALSE(first_death(Record()));
}
