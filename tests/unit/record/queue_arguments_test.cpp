#include "record/queue_arguments.h"

#include <doctest/doctest.h>
#include <string>

namespace iso {
namespace {

std::string fault(const std::string& member) {
  const FieldTable table = read_fields("{" + member + "}");
  return fault_of_queue_argument(table[0].first, table[0].second).value_or("");
}

TEST_CASE("fault_of_queue_argument: what RabbitMQ knows passes, and what a plugin may know") {
  for (const auto* good :
       {R"("x-queue-type":"quorum")", R"("x-queue-type":"stream")", R"("x-queue-type":"classic")",
        R"("x-message-ttl":60000)", R"("x-message-ttl":{"$int32":60000})", R"("x-max-age":"7D")",
        R"("x-single-active-consumer":true)", R"("x-dead-letter-exchange":"")", R"("com.example/who":"me")",
        R"("x-recent-history-length":5)", R"("comment":null)"}) {
    CAPTURE(good);
    CHECK(fault(good) == "");
  }
}

TEST_CASE("fault_of_queue_argument: a slip of the pen is named with what was meant") {
  const struct {
    const char *member, *meant;
  } rows[] = {{R"("x-mesage-ttl":1)", "x-message-ttl"},
              {R"("message-ttl":1)", "x-message-ttl"},
              {R"("x-dead-leter-exchange":"d")", "x-dead-letter-exchange"},
              {R"("queue-type":"quorum")", "x-queue-type"},
              {R"("x-max-lenght":1)", "x-max-length"}};
  for (const auto& row : rows) {
    CAPTURE(row.member);
    CHECK(fault(row.member).find(std::string("did you mean \"") + row.meant + "\"") != std::string::npos);
  }
}

TEST_CASE("fault_of_queue_argument: a value of another type, which the broker would refuse, is named") {
  CHECK(fault(R"("x-max-length":"1000")") == "x-max-length is a whole number");
  CHECK(fault(R"("x-max-length":1.5)") == "x-max-length is a whole number");
  CHECK(fault(R"("x-single-active-consumer":"true")") == "x-single-active-consumer is true or false");
  CHECK(fault(R"("x-max-age":7)") == "x-max-age is text");
  CHECK(
      fault(R"("x-queue-type":"quorm")") ==
      "no type of queue is called \"quorm\"; there are classic, quorum and stream; did you mean \"quorum\"?");
}

}  // namespace
}  // namespace iso
