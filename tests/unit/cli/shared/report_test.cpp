#include "cli/shared/report.h"

#include <doctest/doctest.h>

using namespace iso;
using namespace iso::cli;

namespace {

Record message() {
  Record record;
  record.exchange = "orders";
  record.routing_key = "new";
  record.message_id = "m1";
  record.correlation_id = "c1";
  record.body = "{\"a\":1}";
  record.body_kind = BodyKind::json;
  return record;
}

}  // namespace

TEST_CASE(
    "append_receipt: a confirmed message shows its ids, any other where it should have gone and why not") {
  const struct {
    DeliveryResult result;
    std::string_view want;
  } rows[] = {
      {{1, DeliveryStatus::confirmed, 0, ""},
       R"({"message_id":"m1","correlation_id":"c1","status":"confirmed"})"},
      {{1, DeliveryStatus::returned, 312, "NO_ROUTE"},
       R"({"message_id":"m1","correlation_id":"c1","status":"returned","exchange":"orders","routing_key":"new","reply_code":312,"reply_text":"NO_ROUTE"})"},
      {{1, DeliveryStatus::unconfirmed, 0, ""},
       R"({"message_id":"m1","correlation_id":"c1","status":"unconfirmed","exchange":"orders","routing_key":"new"})"},
  };
  for (const auto& row : rows) {
    std::string out;
    append_receipt(out, message(), row.result);
    CHECK(out == std::string(row.want) + "\n");
  }
}

TEST_CASE("append_receipt: an id that was left off is left out") {
  Record record = message();
  record.message_id.reset();
  record.correlation_id.reset();
  std::string out;
  append_receipt(out, record, {1, DeliveryStatus::confirmed, 0, ""});
  CHECK(out == "{\"status\":\"confirmed\"}\n");
}

TEST_CASE("append_reject: a record is written whole, bad input with what is wrong with it") {
  Delivery good{1, message(), nullptr};
  std::string out;
  append_reject(out, good);
  CHECK(out.find("\"body\":{\"a\":1}") != std::string::npos);
  CHECK(out.find("\"error\"") == std::string::npos);

  Delivery bad{1, {}, std::make_unique<BadInput>(BadInput{1, 3, 20, "line 3, byte 4: no", "{\"a\":"})};
  out.clear();
  append_reject(out, bad);
  CHECK(out == R"({"error":"line 3, byte 4: no","text":"{\"a\":"})"
               "\n");
}

TEST_CASE("failure_text: it names the exchange, the key and the broker's words") {
  CHECK(failure_text(message(), {1, DeliveryStatus::returned, 312, "NO_ROUTE"}) ==
        "returned: message m1 to exchange \"orders\" with routing key \"new\": NO_ROUTE (312)");
}
